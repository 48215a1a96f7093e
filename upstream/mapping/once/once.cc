#include "upstream/mapping/once/once.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using Condition = LookupPlan::Condition;

absl::Status Bad(absl::string_view option, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("once.", option, ": ", reason));
}

bool IsInteger(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
}

absl::StatusOr<FieldPath> ValueOf(absl::string_view option, const Descriptor& type,
                                  absl::string_view path) {
  absl::StatusOr<FieldPath> fields = ResolveValue(type, path);
  if (!fields.ok()) return Bad(option, fields.status().message());
  return fields;
}

// A field that names a resource: a text or an integer.
absl::StatusOr<FieldPath> NameOf(absl::string_view option, const Descriptor& type,
                                 absl::string_view path) {
  absl::StatusOr<FieldPath> fields = ValueOf(option, type, path);
  if (!fields.ok()) return fields;
  const FieldDescriptor& last = *fields->back();
  if (IsInteger(last) || last.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return fields;
  return Bad(option, absl::StrCat("\"", path, "\" is neither a text nor an integer"));
}

class LookupCompiler {
 public:
  LookupCompiler(const MethodDescriptor& write, const v1::Lookup& rules, bool has_credential,
                 google::protobuf::MessageFactory& factory)
      : write_(write), rules_(rules), has_credential_(has_credential), factory_(factory) {}

  absl::StatusOr<LookupPlan> Compile() {
    using Step = absl::Status (LookupCompiler::*)();
    constexpr Step kSteps[] = {&LookupCompiler::Read,       &LookupCompiler::Arguments,
                               &LookupCompiler::Find,       &LookupCompiler::Conditions,
                               &LookupCompiler::Identity,   &LookupCompiler::MadeAt,
                               &LookupCompiler::Sufficient, &LookupCompiler::Messages};
    for (const Step step : kSteps) {
      const absl::Status status = (this->*step)();
      if (!status.ok()) return status;
    }
    return std::move(plan_);
  }

 private:
  absl::Status Read() {
    const std::string name = absl::StrCat(write_.file()->package(), ".",
                                          absl::StrReplaceAll(rules_.read(), {{"/", "."}}));
    read_ = write_.file()->pool()->FindMethodByName(name);
    if (read_ == nullptr) return Bad("lookup.read", absl::StrCat("there is no RPC ", name));
    if (read_->options().idempotency_level() != google::protobuf::MethodOptions::NO_SIDE_EFFECTS) {
      return Bad("lookup.read", absl::StrCat(name, " is no read"));
    }
    plan_.read_path = absl::StrCat("/", read_->service()->full_name(), "/", read_->name());
    plan_.settle = absl::Seconds(rules_.settle_seconds());
    plan_.page_size = rules_.page_size();
    return absl::OkStatus();
  }

  absl::Status Arguments() {
    for (const v1::Lookup::Argument& rule : rules_.argument()) {
      if (rule.request().empty() == rule.text().empty()) {
        return Bad("lookup.argument", absl::StrCat(rule.field(), " needs a request or a text"));
      }
      LookupPlan::Argument argument;
      absl::StatusOr<FieldPath> field =
          ValueOf("lookup.argument", *read_->input_type(), rule.field());
      if (!field.ok()) return field.status();
      argument.field = *std::move(field);
      argument.text = rule.text();
      if (!rule.request().empty()) {
        absl::StatusOr<FieldPath> request =
            ValueOf("lookup.argument", *write_.input_type(), rule.request());
        if (!request.ok()) return request.status();
        argument.request = *std::move(request);
      }
      plan_.arguments.push_back(std::move(argument));
    }
    return absl::OkStatus();
  }

  absl::Status Find() {
    candidate_ = read_->output_type();
    if (!rules_.find().empty()) {
      absl::StatusOr<FieldPath> find = ResolveMessages(*candidate_, rules_.find());
      if (!find.ok()) return Bad("lookup.find", find.status().message());
      plan_.find = *std::move(find);
      candidate_ = plan_.find.back()->message_type();
    }
    plan_.candidate_is_reply = candidate_ == write_.output_type() && !has_credential_;
    plan_.reply_is_empty = write_.output_type()->full_name() == "google.protobuf.Empty";
    return absl::OkStatus();
  }

  absl::Status Conditions() {
    for (const v1::Lookup::Condition& rule : rules_.condition()) {
      const int stated = (rule.request().empty() ? 0 : 1) + (rule.grown_by().empty() ? 0 : 1) +
                         (rule.any().empty() ? 0 : 1);
      if (stated != 1) {
        return Bad("lookup.condition",
                   absl::StrCat(rule.field(), " needs one of request, any, grown_by"));
      }
      absl::StatusOr<FieldPath> field = ValueOf("lookup.condition", *candidate_, rule.field());
      if (!field.ok()) return field.status();
      Condition condition{Condition::kAnyOf, *std::move(field), {}, {}};
      if (rule.any().empty()) {
        condition.kind = rule.grown_by().empty() ? Condition::kEquals : Condition::kGrownBy;
        absl::StatusOr<FieldPath> request =
            ValueOf("lookup.condition", *write_.input_type(),
                    rule.grown_by().empty() ? rule.request() : rule.grown_by());
        if (!request.ok()) return request.status();
        condition.request = *std::move(request);
      }
      condition.any.assign(rule.any().begin(), rule.any().end());
      if (const absl::Status good = SetScope(rule, condition); !good.ok()) return good;
      if (const absl::Status good = Check(condition, rule.field()); !good.ok()) return good;
      plan_.conditions.push_back(std::move(condition));
    }
    return absl::OkStatus();
  }

  absl::Status SetScope(const v1::Lookup::Condition& rule, Condition& condition) const {
    const std::string& name = rule.when().empty() ? rule.unless() : rule.when();
    if (name.empty()) return absl::OkStatus();
    if (rule.any().empty() || (!rule.when().empty() && !rule.unless().empty())) {
      return Bad("lookup.condition",
                 absl::StrCat(rule.field(), ": one of when and unless, and only with any"));
    }
    absl::StatusOr<FieldPath> flag = ValueOf("lookup.condition", *write_.input_type(), name);
    if (!flag.ok()) return flag.status();
    if (flag->back()->cpp_type() != FieldDescriptor::CPPTYPE_BOOL) {
      return Bad("lookup.condition", absl::StrCat(name, " is no boolean"));
    }
    condition.request = *std::move(flag);
    condition.scope = rule.when().empty() ? Condition::kUnless : Condition::kWhen;
    return absl::OkStatus();
  }

  // Whether each request has a condition that counts for it.
  bool CoversAllRequests() const {
    const auto has = [this](Condition::Scope scope, const FieldPath* flag) {
      return std::any_of(
          plan_.conditions.begin(), plan_.conditions.end(), [&](const Condition& condition) {
            return condition.scope == scope && (flag == nullptr || condition.request == *flag);
          });
    };
    if (has(Condition::kAlways, nullptr)) return true;
    return std::any_of(
        plan_.conditions.begin(), plan_.conditions.end(), [&](const Condition& condition) {
          return condition.scope == Condition::kWhen && has(Condition::kUnless, &condition.request);
        });
  }

  absl::Status Check(const Condition& condition, absl::string_view name) const {
    const FieldDescriptor& field = *condition.field.back();
    if (condition.kind == Condition::kGrownBy) {
      if (!IsInteger(field) || !IsInteger(*condition.request.back())) {
        return Bad("lookup.condition", absl::StrCat(name, " does not grow: it is no integer"));
      }
      if (!plan_.find.empty()) {
        return Bad("lookup.condition", absl::StrCat(name, " can grow in the reply itself alone"));
      }
    }
    if (field.enum_type() == nullptr) return absl::OkStatus();
    for (const std::string& value : condition.any) {
      if (field.enum_type()->FindValueByName(value) == nullptr) {
        return Bad("lookup.condition", absl::StrCat(name, " has no value ", value));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Identity() {
    if (rules_.identity().empty()) return absl::OkStatus();
    absl::StatusOr<FieldPath> identity = NameOf("lookup.identity", *candidate_, rules_.identity());
    if (!identity.ok()) return identity.status();
    plan_.identity = *std::move(identity);
    return absl::OkStatus();
  }

  absl::Status MadeAt() {
    if (rules_.made_at().empty()) return absl::OkStatus();
    plan_.made_at = candidate_->FindFieldByName(rules_.made_at());
    const bool is_time = plan_.made_at != nullptr && !plan_.made_at->is_repeated() &&
                         plan_.made_at->message_type() != nullptr &&
                         plan_.made_at->message_type()->full_name() ==
                             google::protobuf::Timestamp::descriptor()->full_name();
    if (is_time) return absl::OkStatus();
    return Bad("lookup.made_at", absl::StrCat("\"", rules_.made_at(), "\" is no timestamp"));
  }

  // Checks that verdicts of this plan can be trusted.
  absl::Status Sufficient() {
    if (!CoversAllRequests()) return Bad("lookup", "needs a condition for each request");
    if (!plan_.find.empty() && plan_.identity.empty()) {
      return Bad("lookup.identity", "is needed: what is found may be older than the write");
    }
    if (plan_.page_size != 0 && plan_.find.empty()) {
      return Bad("lookup.page_size", "the reply itself is no list");
    }
    return absl::OkStatus();
  }

  absl::Status Messages() {
    plan_.write_request = factory_.GetPrototype(write_.input_type());
    plan_.read_request = factory_.GetPrototype(read_->input_type());
    plan_.read_reply = factory_.GetPrototype(read_->output_type());
    plan_.candidate = factory_.GetPrototype(candidate_);
    return absl::OkStatus();
  }

  const MethodDescriptor& write_;
  const v1::Lookup& rules_;
  const bool has_credential_;
  google::protobuf::MessageFactory& factory_;
  const MethodDescriptor* read_ = nullptr;
  const Descriptor* candidate_ = nullptr;
  LookupPlan plan_;
};

// Whether every request sets the field. In a PATCH the body's own members are not enforced.
bool IsRequired(const MethodDescriptor& method, const FieldPath& path) {
  const bool is_patch = method.options().GetExtension(google::api::http).has_patch();
  return (!is_patch || path.size() == 1) &&
         std::all_of(path.begin(), path.end(), [](const FieldDescriptor* field) {
           return field->options().GetExtension(v1::field).required();
         });
}

absl::StatusOr<std::vector<Guard>> GuardsOf(const MethodDescriptor& method, const v1::Once& rules) {
  std::vector<Guard> guards;
  for (const std::string& name : rules.guard()) {
    absl::StatusOr<FieldPath> field = NameOf("guard", *method.input_type(), name);
    if (!field.ok()) return field.status();
    guards.push_back({*std::move(field), guards.empty() ? "" : absl::StrCat(name, " ")});
  }
  if (guards.empty() || IsRequired(method, guards.back().field)) return guards;
  return Bad("guard", absl::StrCat("\"", rules.guard().rbegin()[0],
                                   "\" is not required: a request without it has no guard"));
}

absl::Status CompileSameKey(const MethodDescriptor& method, const v1::Once& rules, Once& once) {
  if (!method.options().GetExtension(v1::method).idempotency_key()) {
    return Bad("same_key", "the method has no idempotency_key");
  }
  if (rules.same_key().life_seconds() == 0) return Bad("same_key", "needs life_seconds");
  once.key_life = absl::Seconds(rules.same_key().life_seconds());
  return absl::OkStatus();
}

}  // namespace

absl::string_view Name(Way way) {
  switch (way) {
    case Way::kNone:
      return "none";
    case Way::kLookup:
      return "lookup";
    case Way::kSameKey:
      return "same_key";
    case Way::kConverges:
      return "converges";
    case Way::kHarmless:
      return "harmless";
  }
  return "none";
}

bool LookupPlan::needs_before() const {
  return !identity.empty() ||
         std::any_of(conditions.begin(), conditions.end(), [](const Condition& condition) {
           return condition.kind == Condition::kGrownBy;
         });
}

absl::StatusOr<Once> CompileOnce(const MethodDescriptor& method, bool has_credential,
                                 google::protobuf::MessageFactory& factory) {
  const v1::Once& rules = method.options().GetExtension(v1::method).once();
  Once once;
  absl::StatusOr<std::vector<Guard>> guards = GuardsOf(method, rules);
  if (!guards.ok()) return guards.status();
  once.guards = *std::move(guards);
  switch (rules.way_case()) {
    case v1::Once::kLookup: {
      absl::StatusOr<LookupPlan> plan =
          LookupCompiler(method, rules.lookup(), has_credential, factory).Compile();
      if (!plan.ok()) return plan.status();
      once.lookup = std::make_shared<const LookupPlan>(*std::move(plan));
      once.way = Way::kLookup;
      break;
    }
    case v1::Once::kSameKey: {
      const absl::Status status = CompileSameKey(method, rules, once);
      if (!status.ok()) return status;
      once.way = Way::kSameKey;
      break;
    }
    case v1::Once::kConverges:
      once.way = rules.converges() ? Way::kConverges : Way::kNone;
      break;
    case v1::Once::kHarmless:
      once.way = rules.harmless() ? Way::kHarmless : Way::kNone;
      break;
    case v1::Once::WAY_NOT_SET:
      break;
  }
  return once;
}

}  // namespace gateway::mapping
