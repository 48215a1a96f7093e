#include "tools/apigen/report/changes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/v1/annotations.pb.h"
#include "tools/apigen/model/reach.h"
#include "tools/apigen/report/rules.h"

namespace gateway::apigen {
namespace {

using gateway::v1::FieldRules;
using Kind = Change::Kind;

constexpr Breaks kNothing = {};
constexpr Breaks kSource = {.source = true};
constexpr Breaks kJsonAndSource = {.json = true, .source = true};
constexpr Breaks kWireAndSource = {.wire = true, .source = true};
constexpr Breaks kCalls = {.calls = true};

std::string TypeOf(const Field& field) {
  switch (field.label) {
    case Label::kRepeated:
      return absl::StrCat("repeated ", field.type);
    case Label::kMap:
      return absl::StrCat("map of ", field.type);
    default:
      return field.type;
  }
}

// Everything that limits the values of a field, in words.
std::string BoundsOf(const Field& field) {
  const FieldRules& rules = RulesOf(field);
  std::vector<std::string> words;
  if (rules.format() != gateway::v1::FORMAT_UNSPECIFIED) {
    words.push_back(gateway::v1::Format_Name(rules.format()));
  }
  const auto add = [&words](bool set, absl::string_view word, auto value) {
    if (set) words.push_back(absl::StrCat(word, " ", value));
  };
  add(rules.has_minimum(), "at least", rules.minimum());
  add(rules.has_maximum(), "at most", rules.maximum());
  add(rules.has_min_length(), "min_length", rules.min_length());
  add(rules.has_max_length(), "max_length", rules.max_length());
  add(rules.has_min_items(), "min_items", rules.min_items());
  add(rules.has_max_items(), "max_items", rules.max_items());
  return words.empty() ? "no bounds" : absl::StrJoin(words, ", ");
}

// Returns, in words, whether the field must be set; empty if the field may be left out.
std::string DemandOf(const Field& field) {
  const bool list = field.label == Label::kRepeated || field.label == Label::kMap;
  if (RulesOf(field).required() && list && RulesOf(field).min_items() == 0) {
    return "required, sent empty where a caller has none";
  }
  if (RulesOf(field).required()) return "required";
  return RulesOf(field).newly_required() ? "required by the upstream, which decides" : "";
}

// Whether a request without the field is refused, by the gateway or by the upstream.
bool Refuses(const Field& field) {
  const bool list = field.label == Label::kRepeated || field.label == Label::kMap;
  const bool sent_empty = list && RulesOf(field).min_items() == 0;
  return (RulesOf(field).required() && !sent_empty) || RulesOf(field).newly_required();
}

const Field* FindNumber(const std::vector<Field>& fields, int number) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const Field& field) { return field.number == number; });
  return found == fields.end() ? nullptr : &*found;
}

template <typename Item>
const Item* Find(const std::vector<Item>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

class Comparison {
 public:
  Comparison(const Contract& before, const Contract& after)
      : before_(before), after_(after), reach_before_(before), reach_(after) {}

  std::vector<Change> Run() {
    CompareMethods();
    CompareTypes(before_.messages, after_.messages);
    CompareTypes(before_.enums, after_.enums);
    return std::move(changes_);
  }

 private:
  using Methods = std::map<std::string, const Method*>;

  void Add(Kind kind, const std::string& subject, std::string detail, Breaks breaks,
           const std::string& type = "") {
    std::set<std::string> rpcs;
    if (type.empty()) {
      rpcs.insert(subject);
    } else {
      rpcs = reach_.RpcsOf(type);
      const auto& before = reach_before_.RpcsOf(type);
      rpcs.insert(before.begin(), before.end());
    }
    changes_.push_back({kind, subject, std::move(detail), breaks, {rpcs.begin(), rpcs.end()}});
  }

  static Methods MethodsOf(const Contract& contract) {
    Methods methods;
    for (const Service& service : contract.services) {
      for (const Method& method : service.methods) {
        methods[absl::StrCat(service.name, ".", method.name)] = &method;
      }
    }
    return methods;
  }

  void CompareMethods() {
    const Methods before = MethodsOf(before_);
    const Methods after = MethodsOf(after_);
    for (const auto& [name, old] : before) {
      if (const auto now = after.find(name); now != after.end()) {
        CompareMethod(name, *old, *now->second);
      } else {
        Add(Kind::kRemoved, name, RouteOf(*old), kWireAndSource);
      }
    }
    for (const auto& [name, now] : after) {
      if (before.count(name) == 0) Add(Kind::kAdded, name, RouteOf(*now), kNothing);
    }
  }

  void CompareMethod(const std::string& name, const Method& old, const Method& now) {
    if (old.input != now.input) {
      Add(Kind::kRetyped, name, absl::StrCat("request ", old.input, " is now ", now.input),
          kWireAndSource);
    }
    if (old.output != now.output) {
      // An empty reply has nothing that could be misread.
      const bool was_empty = before_.messages.count(old.output) == 0;
      Add(Kind::kRetyped, name, absl::StrCat("reply ", old.output, " is now ", now.output),
          was_empty ? kSource : kWireAndSource);
    }
    if (RouteOf(old) != RouteOf(now)) {
      Add(Kind::kRerouted, name, absl::StrCat(RouteOf(old), " is now ", RouteOf(now)), kNothing);
    }
    const auto& rules = now.options.GetExtension(gateway::v1::method);
    const auto& old_rules = old.options.GetExtension(gateway::v1::method);
    if (rules.operation_id() != old_rules.operation_id()) {
      Add(Kind::kRenamed, name,
          rules.operation_id().empty() ? "the upstream has this name again"
                                       : absl::StrCat("upstream: ", rules.operation_id()),
          kNothing);
    }
    CompareLocal(name, old_rules.local(), rules.local(), "");
    if (rules.local() == old_rules.local()) {
      CompareDeprecated(name, old.options.deprecated(), now.options.deprecated(), "");
    }
  }

  void CompareLocal(const std::string& subject, bool old, bool now, const std::string& type) {
    if (!old && now) {
      Add(Kind::kKept, subject, "gone upstream; stays, deprecated and local", kNothing, type);
    } else if (old && !now) {
      Add(Kind::kReturned, subject, "was local; the upstream has it", kNothing, type);
    }
  }

  void CompareDeprecated(const std::string& subject, bool old, bool now, const std::string& type) {
    if (old == now) return;
    Add(Kind::kDeprecated, subject, now ? "now deprecated" : "no longer deprecated", kNothing,
        type);
  }

  template <typename Type>
  void CompareTypes(const std::map<std::string, Type>& before,
                    const std::map<std::string, Type>& after) {
    for (const auto& [name, old] : before) {
      const auto now = after.find(name);
      if (now == after.end()) {
        Add(Kind::kRemoved, name, "", kSource, name);
      } else if (RulesOf(now->second).gone()) {
        if (!RulesOf(old).gone())
          Add(Kind::kRemoved, name, "its numbers are reserved", kSource, name);
      } else if (RulesOf(old).gone()) {
        Add(Kind::kReturned, name, "with new numbers", kNothing, name);
      } else {
        CompareSchema(old, now->second);
        CompareLocal(name, RulesOf(old).local(), RulesOf(now->second).local(), name);
        CompareMembers(old, now->second);
      }
    }
    for (const auto& [name, now] : after) {
      if (before.count(name) == 0) Add(Kind::kAdded, name, "", kNothing, name);
    }
  }

  template <typename Type>
  void CompareSchema(const Type& old, const Type& now) {
    if (UpstreamNameOf(old) == UpstreamNameOf(now)) return;
    Add(Kind::kRenamed, now.name,
        absl::StrCat("upstream: ", UpstreamNameOf(old), " is now ", UpstreamNameOf(now)), kNothing,
        now.name);
  }

  void CompareMembers(const Message& old, const Message& now) {
    const bool sent = reach_.IsSent(now.name);
    for (const Field& field : old.fields) {
      const std::string subject = absl::StrCat(old.name, ".", field.name);
      const Field* same = FindNumber(now.fields, field.number);
      if (same == nullptr) same = Find(now.fields, field.name);
      if (same != nullptr) {
        CompareField(subject, field, *same, now.name);
      } else {
        Add(Kind::kRemoved, subject, absl::StrCat("number ", field.number, " is reserved"), kSource,
            now.name);
      }
    }
    for (const Field& field : now.fields) {
      if (Find(old.fields, field.name) != nullptr) continue;
      const std::string demand = DemandOf(field);
      Add(Kind::kAdded, absl::StrCat(now.name, ".", field.name),
          absl::StrCat(TypeOf(field), ", number ", field.number, demand.empty() ? "" : ", ",
                       demand),
          sent && Refuses(field) ? kCalls : kNothing, now.name);
    }
  }

  void CompareField(const std::string& subject, const Field& old, const Field& now,
                    const std::string& type) {
    const bool moved = old.number != now.number;
    if (moved || TypeOf(old) != TypeOf(now)) {
      std::string detail = absl::StrCat(TypeOf(old), " is now ", TypeOf(now));
      absl::StrAppend(&detail, moved ? absl::StrCat(", number ", old.number, " is now ", now.number)
                                     : ", old bytes are read");
      Add(Kind::kRetyped, subject, detail, kJsonAndSource, type);
    }
    const bool sent = reach_.IsSent(type);
    if (DemandOf(old) != DemandOf(now)) {
      const std::string demand = DemandOf(now);
      Add(Kind::kRequired, subject,
          demand.empty() ? "no longer required" : absl::StrCat("now ", demand),
          sent && Refuses(now) ? kCalls : kNothing, type);
    }
    if (RulesOf(old).nullable() != RulesOf(now).nullable()) {
      Add(Kind::kNullable, subject, RulesOf(now).nullable() ? "may be null" : "is never null",
          kNothing, type);
    }
    if (!moved && BoundsOf(old) != BoundsOf(now)) {
      Add(Kind::kBounds, subject, absl::StrCat(BoundsOf(old), " is now ", BoundsOf(now)),
          sent ? kCalls : kNothing, type);
    }
    if (WireNameOf(old) != WireNameOf(now)) {
      Add(Kind::kJsonName, subject,
          absl::StrCat("\"", WireNameOf(old), "\" is now \"", WireNameOf(now), "\""), kNothing,
          type);
    }
    CompareLocal(subject, RulesOf(old).local(), RulesOf(now).local(), type);
    if (RulesOf(old).local() == RulesOf(now).local()) {
      CompareDeprecated(subject, old.options.deprecated(), now.options.deprecated(), type);
    }
  }

  void CompareMembers(const Enum& old, const Enum& now) {
    for (const EnumValue& value : old.values) {
      const std::string subject = absl::StrCat(old.name, ".", value.name);
      const EnumValue* same = Find(now.values, value.name);
      if (same == nullptr) {
        Add(Kind::kRemoved, subject, absl::StrCat("number ", value.number, " is reserved"), kSource,
            now.name);
        continue;
      }
      if (TextOf(old, value) != TextOf(now, *same)) {
        Add(Kind::kJsonName, subject,
            absl::StrCat("\"", TextOf(old, value), "\" is now \"", TextOf(now, *same), "\""),
            kNothing, now.name);
      }
      CompareLocal(subject, value.options.GetExtension(gateway::v1::value).local(),
                   same->options.GetExtension(gateway::v1::value).local(), now.name);
    }
    for (const EnumValue& value : now.values) {
      if (Find(old.values, value.name) != nullptr) continue;
      Add(Kind::kAdded, absl::StrCat(now.name, ".", value.name),
          absl::StrCat("number ", value.number), kNothing, now.name);
    }
  }

  const Contract& before_;
  const Contract& after_;
  const Reach reach_before_;
  const Reach reach_;
  std::vector<Change> changes_;
};

}  // namespace

absl::string_view KindName(Kind kind) {
  static constexpr absl::string_view kNames[] = {
      "added",    "removed",  "kept",       "returned",  "renamed", "retyped", "rerouted",
      "required", "nullable", "deprecated", "json-name", "bounds",  "moved"};
  return kNames[static_cast<int>(kind)];
}

std::vector<Change> Compare(const Contract& before, const Contract& after) {
  return Comparison(before, after).Run();
}

void AddMoves(const std::map<std::string, std::string>& before,
              const std::map<std::string, std::string>& after, std::vector<Change>& changes) {
  for (const auto& [type, path] : before) {
    const auto now = after.find(type);
    if (now == after.end() || now->second == path) continue;
    changes.push_back(
        {Kind::kMoved, type, absl::StrCat(path, " is now ", now->second), kSource, {}});
  }
}

}  // namespace gateway::apigen
