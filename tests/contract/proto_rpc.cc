#include "tests/contract/proto_rpc.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tests/contract/proto_fields.h"

namespace gateway::contract {
namespace {

using google::api::HttpRule;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

const HttpRule& RuleOf(const MethodDescriptor& rpc) {
  return rpc.options().GetExtension(google::api::http);
}

std::pair<std::string, std::string> VerbAndPath(const HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return {"GET", rule.get()};
    case HttpRule::kPut:
      return {"PUT", rule.put()};
    case HttpRule::kPost:
      return {"POST", rule.post()};
    case HttpRule::kDelete:
      return {"DELETE", rule.delete_()};
    case HttpRule::kPatch:
      return {"PATCH", rule.patch()};
    case HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path()};
    case HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {"no verb", "no path"};
}

// Returns the texts in braces, in the order of the path.
std::vector<std::string> Variables(absl::string_view path) {
  std::vector<std::string> variables;
  for (size_t open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
    size_t end = std::min(path.find('}', open), path.size());
    variables.emplace_back(path.substr(open + 1, end - open - 1));
  }
  return variables;
}

std::string TagOf(const MethodDescriptor& rpc) {
  return std::string(absl::StripSuffix(rpc.service()->name(), "Service"));
}

std::string LastPart(const MethodDescriptor& rpc) {
  const std::string& id = rpc.options().GetExtension(v1::method).operation_id();
  return id.empty() ? rpc.name() : id.substr(id.rfind('_') + 1);
}

// Returns the last part of the operationId. If RPCs of the service share it, returns the RPC's
// name.
std::string UpstreamName(const MethodDescriptor& rpc) {
  const std::string last = LastPart(rpc);
  int sharing = 0;
  for (int i = 0; i < rpc.service()->method_count(); ++i) {
    if (LastPart(*rpc.service()->method(i)) == last) ++sharing;
  }
  return sharing > 1 ? rpc.name() : last;
}

void SayOddities(const MethodDescriptor& rpc, Unit& unit) {
  if (RuleOf(rpc).additional_bindings_size() > 0) Say(unit, "further bindings", "yes");
  if (rpc.client_streaming() || rpc.server_streaming()) Say(unit, "streaming", "yes");
  if (rpc.options().deprecated()) Say(unit, "deprecated", "yes");
  if (rpc.options().GetExtension(v1::method).local()) Say(unit, "local", "yes");
}

void SayPathParameters(const MethodDescriptor& rpc, const std::vector<std::string>& variables,
                       Unit& unit) {
  for (size_t i = 0; i < variables.size(); ++i) {
    std::string place = absl::StrCat("path parameter ", i + 1);
    Say(unit, place, variables[i]);
    if (const auto* field = rpc.input_type()->FindFieldByName(variables[i])) {
      SayUnnamedField(*field, place, unit);
    } else {
      Say(unit, place + ".type", "no such field");
    }
  }
}

void SayBody(const MethodDescriptor& rpc, const std::string& body, Unit& unit) {
  if (body.empty()) return;
  if (const auto* field = rpc.input_type()->FindFieldByName(body)) {
    SayUnnamedField(*field, "body", unit);
  } else {
    Say(unit, "body.type", body == "*" ? "the whole request" : "no such field");
  }
}

bool IsMask(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_MESSAGE && !field.is_repeated() &&
         field.message_type()->full_name() == "google.protobuf.FieldMask";
}

void SayMask(const FieldDescriptor& field, Unit& unit) {
  Say(unit, "update mask", field.name());
  SayUnnamedField(field, "update mask", unit);
}

void SayOtherFields(const MethodDescriptor& rpc, const std::vector<std::string>& variables,
                    const std::string& body, Unit& unit) {
  for (int i = 0; i < rpc.input_type()->field_count(); ++i) {
    const FieldDescriptor& field = *rpc.input_type()->field(i);
    if (field.name() == body) continue;
    if (std::find(variables.begin(), variables.end(), field.name()) != variables.end()) continue;
    if (IsMask(field)) {
      SayMask(field, unit);
    } else {
      SayNamedField(field, absl::StrCat("query ", WireName(field)), unit);
    }
  }
}

void SayWrappedReply(const MethodDescriptor& rpc, Unit& unit) {
  const auto* field = rpc.output_type()->FindFieldByName(RuleOf(rpc).response_body());
  if (field == nullptr) {
    Say(unit, "reply.type", "no such field");
    return;
  }
  SayUnnamedField(*field, "reply", unit);
  if (rpc.output_type()->field_count() > 1) Say(unit, "reply.further fields", "yes");
}

void SayReply(const MethodDescriptor& rpc, Unit& unit) {
  const v1::MethodRules& rules = rpc.options().GetExtension(v1::method);
  const auto& type = *rpc.output_type();
  if (WrapsReply(rpc)) {
    SayWrappedReply(rpc, unit);
  } else if (type.full_name() == "google.protobuf.Empty") {
    Say(unit, "reply.type", "no content");
  } else {
    bool ours = type.file()->package() == rpc.file()->package();
    Say(unit, "reply.type", ours ? SchemaName(type) : type.full_name());
  }
  if (rules.array_or_object()) absl::StrAppend(&unit["reply.type"], ", or one object");
  if (rules.local_reply()) Say(unit, "reply.local", "yes");
  if (rules.reply_may_be_empty()) Say(unit, "reply.may be empty", "yes");
}

}  // namespace

bool IsStream(const MethodDescriptor& rpc) {
  return rpc.server_streaming() && rpc.options().GetExtension(v1::method).has_pages();
}

bool WrapsReply(const MethodDescriptor& rpc) { return !RuleOf(rpc).response_body().empty(); }

void AddRpc(const MethodDescriptor& rpc, Facts& facts) {
  auto [verb, path] = VerbAndPath(RuleOf(rpc));
  std::vector<std::string> variables = Variables(path);
  Unit unit;
  Say(unit, "tag", TagOf(rpc));
  Say(unit, "rpc", UpstreamName(rpc));
  Say(unit, "verb", verb);
  Say(unit, "path", path);
  if (rpc.options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS) {
    Say(unit, "free of side effects", "yes");
  }
  if (rpc.options().GetExtension(v1::method).idempotency_key()) Say(unit, "idempotency_key", "yes");
  SayOddities(rpc, unit);
  SayPathParameters(rpc, variables, unit);
  SayBody(rpc, RuleOf(rpc).body(), unit);
  SayOtherFields(rpc, variables, RuleOf(rpc).body(), unit);
  SayReply(rpc, unit);
  AddUnit(facts, absl::StrCat("operation ", TagOf(rpc), "_", rpc.name()), std::move(unit));
}

}  // namespace gateway::contract
