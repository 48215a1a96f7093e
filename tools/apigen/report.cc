#include "tools/apigen/report.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gateway/v1/annotations.pb.h"

namespace gateway::apigen {
namespace {

using gateway::v1::FieldRules;
using Kind = Change::Kind;

absl::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kAdded:
      return "added";
    case Kind::kRemoved:
      return "removed";
    case Kind::kRenamed:
      return "renamed-op";
    case Kind::kRetyped:
      return "retyped";
    case Kind::kRerouted:
      return "rerouted";
    case Kind::kRequired:
      return "required-changed";
    case Kind::kRules:
      return "rules-changed";
  }
  return "";
}

const FieldRules& RulesOf(const Field& field) {
  return field.options.GetExtension(gateway::v1::field);
}

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

std::string FormOf(const Field& field) {
  const FieldRules& rules = RulesOf(field);
  std::string form = rules.format() == gateway::v1::FORMAT_UNSPECIFIED
                         ? "any form"
                         : gateway::v1::Format_Name(rules.format());
  if (rules.has_minimum()) absl::StrAppend(&form, ", at least ", rules.minimum());
  if (rules.has_maximum()) absl::StrAppend(&form, ", at most ", rules.maximum());
  return form;
}

template <typename Item>
const Item* Find(const std::vector<Item>& items, const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

// Messages that callers send: here a new demand breaks them.
class RequestTypes {
 public:
  explicit RequestTypes(const Contract& contract) : contract_(contract) {
    for (const Service& service : contract.services) {
      for (const Method& method : service.methods) Visit(method.input);
    }
  }
  bool Contains(const std::string& name) const { return names_.count(name) > 0; }

 private:
  void Visit(const std::string& name) {
    const auto message = contract_.messages.find(name);
    if (message == contract_.messages.end() || !names_.insert(name).second) return;
    for (const Field& field : message->second.fields) Visit(field.type);
  }

  const Contract& contract_;
  std::set<std::string> names_;
};

class Comparison {
 public:
  Comparison(const Contract& before, const Contract& after)
      : before_(before), after_(after), requests_(after) {}

  std::vector<Change> Run() {
    CompareMethods();
    for (const auto& [name, old] : before_.messages) {
      const auto now = after_.messages.find(name);
      if (now == after_.messages.end()) {
        Add(Kind::kRemoved, name, "", true);
      } else {
        CompareMessage(old, now->second);
      }
    }
    for (const auto& [name, now] : after_.messages) {
      if (before_.messages.count(name) == 0) Add(Kind::kAdded, name, "", false);
    }
    for (const auto& [name, old] : before_.enums) {
      const auto now = after_.enums.find(name);
      if (now == after_.enums.end()) {
        Add(Kind::kRemoved, name, "", true);
      } else {
        CompareEnum(old, now->second);
      }
    }
    for (const auto& [name, now] : after_.enums) {
      if (before_.enums.count(name) == 0) Add(Kind::kAdded, name, "", false);
    }
    return std::move(changes_);
  }

 private:
  using Methods = std::map<std::string, const Method*>;

  void Add(Kind kind, std::string subject, std::string detail, bool breaking) {
    changes_.push_back({kind, std::move(subject), std::move(detail), breaking});
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
    std::map<std::string, std::string> new_names;
    for (const auto& [name, method] : after) {
      if (before.count(name) == 0) new_names[RouteOf(*method)] = name;
    }
    for (const auto& [name, old] : before) {
      if (const auto now = after.find(name); now != after.end()) {
        CompareMethod(name, *old, *now->second);
      } else if (const auto renamed = new_names.find(RouteOf(*old)); renamed != new_names.end()) {
        Add(Kind::kRenamed, name, absl::StrCat("now ", renamed->second), true);
        new_names.erase(renamed);
      } else {
        Add(Kind::kRemoved, name, "", true);
      }
    }
    for (const auto& [route, name] : new_names) Add(Kind::kAdded, name, route, false);
  }

  void CompareMethod(const std::string& name, const Method& old, const Method& now) {
    if (old.input != now.input) {
      Add(Kind::kRetyped, name, absl::StrCat("request ", old.input, " is now ", now.input), true);
    }
    if (old.output != now.output) {
      Add(Kind::kRetyped, name, absl::StrCat("reply ", old.output, " is now ", now.output), true);
    }
    if (RouteOf(old) != RouteOf(now)) {
      Add(Kind::kRerouted, name, absl::StrCat(RouteOf(old), " is now ", RouteOf(now)), false);
    }
  }

  void CompareMessage(const Message& old, const Message& now) {
    const bool sent = requests_.Contains(now.name);
    for (const Field& field : old.fields) {
      const std::string subject = absl::StrCat(old.name, ".", field.name);
      if (const Field* same = Find(now.fields, field.name)) {
        CompareField(subject, field, *same, sent);
      } else {
        Add(Kind::kRemoved, subject, absl::StrCat("number ", field.number, " is reserved"), true);
      }
    }
    for (const Field& field : now.fields) {
      if (Find(old.fields, field.name) != nullptr) continue;
      const bool required = RulesOf(field).required();
      Add(Kind::kAdded, absl::StrCat(now.name, ".", field.name),
          absl::StrCat(TypeOf(field), ", number ", field.number, required ? ", required" : ""),
          sent && required);
    }
  }

  void CompareField(const std::string& subject, const Field& old, const Field& now, bool sent) {
    const bool moved = old.number != now.number;
    if (moved || TypeOf(old) != TypeOf(now)) {
      std::string detail = absl::StrCat(TypeOf(old), " is now ", TypeOf(now));
      if (moved) absl::StrAppend(&detail, ", number ", old.number, " is now ", now.number);
      Add(Kind::kRetyped, subject, detail, moved);
    }
    if (RulesOf(old).required() != RulesOf(now).required()) {
      const bool demanded = RulesOf(now).required();
      Add(Kind::kRequired, subject, demanded ? "now required" : "no longer required",
          sent && demanded);
    }
    if (!moved && FormOf(old) != FormOf(now)) {
      Add(Kind::kRules, subject, absl::StrCat(FormOf(old), " is now ", FormOf(now)), sent);
    }
  }

  void CompareEnum(const Enum& old, const Enum& now) {
    for (const EnumValue& value : old.values) {
      const std::string subject = absl::StrCat(old.name, ".", value.name);
      const EnumValue* same = Find(now.values, value.name);
      if (same == nullptr) {
        Add(Kind::kRemoved, subject, absl::StrCat("number ", value.number, " is reserved"), true);
      } else if (TextOf(old, value) != TextOf(now, *same)) {
        Add(Kind::kRules, subject,
            absl::StrCat("\"", TextOf(old, value), "\" is now \"", TextOf(now, *same), "\""),
            false);
      }
    }
    for (const EnumValue& value : now.values) {
      if (Find(old.values, value.name) != nullptr) continue;
      Add(Kind::kAdded, absl::StrCat(now.name, ".", value.name),
          absl::StrCat("number ", value.number), false);
    }
  }

  const Contract& before_;
  const Contract& after_;
  RequestTypes requests_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> Compare(const Contract& before, const Contract& after) {
  return Comparison(before, after).Run();
}

std::string Describe(const std::vector<Change>& changes, const Contract& after) {
  std::string text;
  for (const Change& change : changes) {
    absl::StrAppendFormat(&text, "%-8s  %-16s  %s%s%s\n", change.breaking ? "BREAKING" : "",
                          Name(change.kind), change.subject, change.detail.empty() ? "" : ": ",
                          change.detail);
  }
  size_t methods = 0;
  for (const Service& service : after.services) methods += service.methods.size();
  const auto breaking = std::count_if(changes.begin(), changes.end(),
                                      [](const Change& change) { return change.breaking; });
  absl::StrAppendFormat(&text,
                        "%d changes, %d breaking; %d services, %d RPCs, %d messages, %d enums\n",
                        changes.size(), breaking, after.services.size(), methods,
                        after.messages.size(), after.enums.size());
  return text;
}

}  // namespace gateway::apigen
