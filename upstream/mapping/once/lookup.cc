#include "upstream/mapping/once/lookup.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Condition = LookupPlan::Condition;
using Value = std::optional<std::string>;
using nlohmann::json;

// How far the upstream's clock may differ from ours.
constexpr absl::Duration kSkew = absl::Minutes(1);

absl::StatusOr<std::unique_ptr<Message>> Parse(const Message& prototype, absl::string_view bytes) {
  std::unique_ptr<Message> message(prototype.New());
  if (message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return absl::InvalidArgumentError("the message cannot be parsed");
}

void SetText(Message& message, const FieldPath& path, const std::string& text) {
  Message* holder = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    holder = holder->GetReflection()->MutableMessage(holder, path[i]);
  }
  const FieldDescriptor* const field = path.back();
  const google::protobuf::Reflection& reflection = *holder->GetReflection();
  int64_t number = 0;
  const bool is_number = absl::SimpleAtoi(text, &number);
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(holder, field, text);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(holder, field, is_number ? number : 0);
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(holder, field, static_cast<int32_t>(is_number ? number : 0));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(holder, field, text == "true");
    case FieldDescriptor::CPPTYPE_ENUM:
      if (const auto* value = field->enum_type()->FindValueByName(text)) {
        reflection.SetEnum(holder, field, value);
      }
      return;
    default:
      return;
  }
}

absl::Time TimeAt(const Message& candidate, const FieldDescriptor* field, absl::Time otherwise) {
  const google::protobuf::Reflection& reflection = *candidate.GetReflection();
  if (!reflection.HasField(candidate, field)) return otherwise;
  const Message& time = reflection.GetMessage(candidate, field);
  const auto part = [&time](const char* name) {
    const FieldDescriptor* const member = time.GetDescriptor()->FindFieldByName(name);
    return member->cpp_type() == FieldDescriptor::CPPTYPE_INT64
               ? time.GetReflection()->GetInt64(time, member)
               : time.GetReflection()->GetInt32(time, member);
  };
  return absl::FromUnixSeconds(part("seconds")) + absl::Nanoseconds(part("nanos"));
}

enum class Fit { kYes, kNo, kUnclear };

Fit FitOfGrowth(const Value& now, const Value& before, const Value& by) {
  int64_t is = 0;
  int64_t was = 0;
  int64_t step = 0;
  // Some upstreams leave a sum out while it is zero.
  if (!absl::SimpleAtoi(now.value_or("0"), &is) || !absl::SimpleAtoi(before.value_or("0"), &was)) {
    return Fit::kUnclear;
  }
  if (is == was) return Fit::kNo;
  int64_t grown = 0;
  const bool is_stated = by && absl::SimpleAtoi(*by, &step);
  if (!is_stated || __builtin_add_overflow(was, step, &grown)) return Fit::kUnclear;
  return is == grown ? Fit::kYes : Fit::kUnclear;
}

// Ids may come with leading zeros, names with spaces around them.
absl::string_view Comparable(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit)) return text;
  while (text.size() > 1 && text[0] == '0') text.remove_prefix(1);
  return text;
}

// If only one of the two texts is there, the upstream may have chosen or dropped the value.
Fit FitOfText(const Value& value, const Value& wanted) {
  if (value.has_value() != wanted.has_value()) return Fit::kUnclear;
  return !value || absl::EqualsIgnoreCase(Comparable(*value), Comparable(*wanted)) ? Fit::kYes
                                                                                   : Fit::kNo;
}

// Judges one reply of the read.
class Look {
 public:
  Look(const LookupPlan& plan, const LookupMemory& memory, absl::Time ended)
      : plan_(plan), memory_(memory), ended_(ended) {}

  Verdict At(const Message& reply) {
    for (const Message* const candidate : Candidates(reply)) Sort(*candidate);
    if (ours_.size() > 1) {
      return Undecided(absl::StrCat(ours_.size(), " of what the read shows could be the write's"));
    }
    if (unclear_) return Undecided("the read shows something new that may be the write's or not");
    if (ours_.size() == 1 && memory_.not_shown && plan_.needs_before()) {
      return Undecided("what fits appeared after a read that should have shown it");
    }
    if (ours_.size() == 1) return Happened(*ours_.front());
    if (late_) return Undecided("what fits was made after the write had ended");
    if (!whole_) return Undecided("the read does not show all that there is");
    return {Verdict::kAbsent, {}, {}};
  }

 private:
  static Verdict Undecided(std::string reason) {
    return {Verdict::kUndecided, {}, std::move(reason)};
  }

  Verdict Happened(const Message& candidate) const {
    Verdict verdict{Verdict::kHappened, {}, "the upstream shows it"};
    if (plan_.candidate_is_reply) verdict.reply = candidate.SerializePartialAsString();
    if (plan_.reply_is_empty) verdict.reply = "";
    return verdict;
  }

  // Returns the candidates that may be the write's result. Sets whole_: whether the reply shows all
  // candidates.
  std::vector<const Message*> Candidates(const Message& reply) {
    std::vector<const Message*> found = MessagesAt(reply, plan_.find);
    if (plan_.page_size == 0) return found;
    const FieldPath list(plan_.find.begin(), plan_.find.begin() + 1);
    const bool is_full = MessagesAt(reply, list).size() >= plan_.page_size;
    // The list has the newest candidates first. So all candidates after a known one are older than
    // it.
    auto known = found.end();
    if (plan_.find.size() == 1) {
      known = std::find_if(found.begin(), found.end(),
                           [this](const Message* candidate) { return IsKnown(*candidate); });
    }
    whole_ = !is_full || known != found.end();
    found.erase(known, found.end());
    return found;
  }

  bool IsLate(const Message& candidate) const {
    return plan_.made_at != nullptr &&
           TimeAt(candidate, plan_.made_at, ended_) > ended_ + plan_.settle + kSkew;
  }

  void Sort(const Message& candidate) {
    if (!plan_.identity.empty() && !TextAt(candidate, plan_.identity)) {
      unclear_ = true;  // the candidate may be older than the write
      return;
    }
    if (IsKnown(candidate)) return;
    const Fit fit = FitOf(candidate);
    unclear_ = unclear_ || fit == Fit::kUnclear;
    if (fit != Fit::kYes) return;
    if (IsLate(candidate)) {
      late_ = true;
    } else {
      ours_.push_back(&candidate);
    }
  }

  bool IsKnown(const Message& candidate) const {
    if (plan_.identity.empty()) return false;
    const Value identity = TextAt(candidate, plan_.identity);
    return identity &&
           std::find(memory_.known.begin(), memory_.known.end(), *identity) != memory_.known.end();
  }

  Fit FitOf(const Message& candidate) const {
    Fit all = Fit::kYes;
    for (size_t i = 0; i < plan_.conditions.size(); ++i) {
      const Fit one = FitOf(candidate, i);
      if (one == Fit::kNo) return Fit::kNo;
      if (one == Fit::kUnclear) all = Fit::kUnclear;
    }
    return all;
  }

  Fit FitOf(const Message& candidate, size_t i) const {
    const Condition& condition = plan_.conditions[i];
    const Value value = TextAt(candidate, condition.field);
    if (condition.kind == Condition::kGrownBy) {
      return FitOfGrowth(value, memory_.before[i], memory_.wanted[i]);
    }
    if (condition.kind == Condition::kEquals) return FitOfText(value, memory_.wanted[i]);
    if (condition.scope != Condition::kAlways) {
      const bool is_set = memory_.wanted[i] == "true";
      if (is_set != (condition.scope == Condition::kWhen)) return Fit::kYes;
    }
    const auto& any = condition.any;
    return std::find(any.begin(), any.end(), value.value_or("")) == any.end() ? Fit::kNo
                                                                              : Fit::kYes;
  }

  const LookupPlan& plan_;
  const LookupMemory& memory_;
  const absl::Time ended_;
  std::vector<const Message*> ours_;
  bool whole_ = true;
  bool late_ = false;
  bool unclear_ = false;
};

json JsonOf(const std::vector<Value>& values) {
  json list = json::array();
  for (const Value& value : values) list.push_back(value ? json(*value) : json());
  return list;
}

std::vector<Value> ValuesOf(const json& list) {
  std::vector<Value> values;
  for (const json& value : list) {
    values.push_back(value.is_null() ? Value() : Value(value.get<std::string>()));
  }
  return values;
}

// The version of the text that WriteMemory writes. ReadMemory refuses other versions.
constexpr int kMemoryVersion = 1;

}  // namespace

LookupMemory Ask(const LookupPlan& plan, absl::string_view write_request, const Tenant& tenant) {
  LookupMemory memory;
  const std::unique_ptr<Message> write(plan.write_request->New());
  // The bytes parse: the request has passed its own checks.
  write->ParsePartialFromArray(write_request.data(), static_cast<int>(write_request.size()));
  const std::unique_ptr<Message> read(plan.read_request->New());
  for (const LookupPlan::Argument& argument : plan.arguments) {
    Value value = argument.request.empty() ? argument.text : TextAt(*write, argument.request);
    if (!value && argument.field.size() == 1 && argument.field[0]->name() == tenant.field &&
        !tenant.value.empty()) {
      value = std::string(tenant.value);
    }
    if (value) SetText(*read, argument.field, *value);
  }
  memory.read_path = plan.read_path;
  memory.read_request = read->SerializePartialAsString();
  for (const Condition& condition : plan.conditions) {
    memory.wanted.push_back(condition.request.empty() ? Value()
                                                      : TextAt(*write, condition.request));
  }
  memory.before.resize(plan.conditions.size());
  return memory;
}

absl::Status Remember(const LookupPlan& plan, absl::string_view read_reply, LookupMemory& memory) {
  const absl::StatusOr<std::unique_ptr<Message>> reply = Parse(*plan.read_reply, read_reply);
  if (!reply.ok()) return reply.status();
  memory.known.clear();
  for (const Message* const candidate : MessagesAt(**reply, plan.find)) {
    if (!plan.identity.empty()) {
      if (Value identity = TextAt(*candidate, plan.identity)) memory.known.push_back(*identity);
    }
    for (size_t i = 0; i < plan.conditions.size(); ++i) {
      const Condition& condition = plan.conditions[i];
      if (condition.kind == Condition::kGrownBy) {
        memory.before[i] = TextAt(*candidate, condition.field);
      }
    }
  }
  return absl::OkStatus();
}

bool RememberMade(const LookupPlan& plan, absl::string_view write_reply, LookupMemory& memory) {
  if (!plan.candidate_is_reply || plan.identity.empty()) return false;
  const absl::StatusOr<std::unique_ptr<Message>> made = Parse(*plan.candidate, write_reply);
  const Value identity = made.ok() ? TextAt(**made, plan.identity) : Value();
  if (identity) memory.known.push_back(*identity);
  return identity.has_value();
}

std::string WriteMemory(const LookupMemory& memory) {
  return json{{"version", kMemoryVersion},
              {"path", memory.read_path},
              {"read", absl::Base64Escape(memory.read_request)},
              {"wanted", JsonOf(memory.wanted)},
              {"before", JsonOf(memory.before)},
              {"known", memory.known},
              {"not_shown", memory.not_shown}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<LookupMemory> ReadMemory(const LookupPlan& plan, absl::string_view text) {
  const absl::Status lost = absl::DataLossError("what was kept for the lookup cannot be read");
  try {
    const json kept = json::parse(text);
    LookupMemory memory;
    if (kept.at("version") != kMemoryVersion || kept.at("path") != plan.read_path ||
        !absl::Base64Unescape(kept.at("read").get<std::string>(), &memory.read_request)) {
      return lost;
    }
    memory.read_path = plan.read_path;
    memory.wanted = ValuesOf(kept.at("wanted"));
    memory.before = ValuesOf(kept.at("before"));
    memory.known = kept.at("known").get<std::vector<std::string>>();
    memory.not_shown = kept.value("not_shown", false);  // older programs did not write it
    // The memory was written for conditions that the proto no longer has.
    if (memory.wanted.size() != plan.conditions.size() ||
        memory.before.size() != plan.conditions.size()) {
      return lost;
    }
    return memory;
  } catch (const json::exception&) {
    return lost;
  }
}

Verdict Judge(const LookupPlan& plan, const LookupMemory& memory, absl::Time ended,
              absl::string_view read_reply) {
  const absl::StatusOr<std::unique_ptr<Message>> reply = Parse(*plan.read_reply, read_reply);
  if (!reply.ok()) return {Verdict::kUndecided, {}, std::string(reply.status().message())};
  return Look(plan, memory, ended).At(**reply);
}

}  // namespace gateway::mapping
