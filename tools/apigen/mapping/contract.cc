#include "tools/apigen/mapping/contract.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tools/apigen/mapping/operation_names.h"
#include "tools/apigen/mapping/type_mapping.h"
#include "tools/apigen/model/http_rule.h"
#include "tools/apigen/model/naming.h"
#include "tools/apigen/model/well_known_types.h"

namespace gateway::apigen {
namespace {

using google::protobuf::MethodOptions;

constexpr char kBody[] = "body";
constexpr char kItems[] = "items";
constexpr char kSingle[] = "value";
constexpr char kUpdateMask[] = "update_mask";

void ClearWireName(Field& field) {
  if (!field.options.HasExtension(gateway::v1::field)) return;
  auto* rules = field.options.MutableExtension(gateway::v1::field);
  rules->clear_wire_name();
  if (rules->ByteSizeLong() == 0) field.options.ClearExtension(gateway::v1::field);
}

bool IsCollection(const Field& field) {
  return field.label == Label::kRepeated || field.label == Label::kMap;
}

MethodOptions::IdempotencyLevel IdempotencyOf(const std::string& verb) {
  if (verb == "get") return MethodOptions::NO_SIDE_EFFECTS;
  if (verb == "put" || verb == "delete") return MethodOptions::IDEMPOTENT;
  return MethodOptions::IDEMPOTENCY_UNKNOWN;
}

// Builds the services, and the messages that belong to one RPC only.
class OperationMapper {
 public:
  OperationMapper(const Api& api, TypeMapper& types, Contract& contract)
      : api_(api), types_(types), contract_(contract) {
    std::map<std::string, std::set<std::string>> services_of_rpc;
    for (const Operation& operation : api.operations) {
      services_of_rpc[operation.rpc].insert(operation.service);
    }
    for (const auto& [rpc, services] : services_of_rpc) {
      if (services.size() > 1) ambiguous_.insert(rpc);
    }
  }

  void AddServices() {
    std::map<std::string, Service> services;
    for (const Operation& operation : api_.operations) {
      Service& service = services[operation.service];
      service.name = operation.service;
      service.stem = operation.stem;
      AddMethod(operation, service);
    }
    for (auto& [name, service] : services) contract_.services.push_back(std::move(service));
  }

 private:
  void AddMethod(const Operation& operation, Service& service) {
    Method method;
    method.name = operation.rpc;
    google::api::HttpRule rule;
    method.input = AddRequest(operation, rule);
    method.output = AddReply(operation, rule);
    *method.options.MutableExtension(google::api::http) = std::move(rule);
    if (const auto level = IdempotencyOf(operation.verb);
        level != MethodOptions::IDEMPOTENCY_UNKNOWN) {
      method.options.set_idempotency_level(level);
    }
    if (operation.unlisted) method.options.set_deprecated(true);
    if (operation.rpc != LastPart(operation.id)) {
      method.options.MutableExtension(gateway::v1::method)->set_operation_id(operation.id);
    }
    if (operation.reply && operation.reply_may_be_empty) {
      method.options.MutableExtension(gateway::v1::method)->set_reply_may_be_empty(true);
    }
    service.methods.push_back(std::move(method));
  }

  // Returns a name for a message of this RPC that no schema and no other RPC uses.
  std::string WrapperName(const Operation& operation, absl::string_view suffix) {
    std::string name = absl::StrCat(operation.rpc, suffix);
    if (ambiguous_.count(operation.rpc) > 0 || IsTaken(name)) {
      const absl::string_view service = operation.service;
      name = absl::StrCat(absl::StripSuffix(service, "Service"), name);
    }
    while (IsTaken(name)) absl::StrAppend(&name, "Message");
    return name;
  }

  bool IsTaken(const std::string& name) const {
    return types_.IsTaken(name) || contract_.messages.count(name) > 0 ||
           contract_.enums.count(name) > 0;
  }

  // Adds the field to the message. If the message already has a field of this name, puts `prefix`
  // in front of the new field's name and keeps the upstream's name as wire_name.
  void AddField(const Operation& operation, absl::string_view prefix, Field field,
                Message& message) {
    const std::string upstream = WireNameOf(field);
    MakeNameUnique(prefix, message.fields, field);
    if (!prefix.empty() && field.name != upstream && FieldName(upstream) != field.name) {
      types_.AddNote(
          Note::Effect::kNamed, operation.pointer,
          absl::StrCat("parameter \"", upstream, "\" is ", message.name, ".", field.name));
    }
    field.number = NextNumber(message.fields, message.reserved);
    message.fields.push_back(std::move(field));
  }

  std::string AddRequest(const Operation& operation, google::api::HttpRule& rule) {
    Message request;
    request.wrapper = true;
    request.name = WrapperName(operation, "Request");
    std::string path = operation.path;
    for (const Property& parameter : operation.path_parameters) {
      Field field = types_.MapField(parameter, operation.rpc, contract_);
      MakeNameUnique("path_", request.fields, field);
      path = absl::StrReplaceAll(
          path, {{absl::StrCat("{", parameter.name, "}"), absl::StrCat("{", field.name, "}")}});
      // The path template uses the field's name; the parameter's own name is never sent.
      ClearWireName(field);
      AddField(operation, "", std::move(field), request);
    }
    SetTarget(operation.verb, path, rule);
    // The body takes its name before the query parameters do, but comes last in the message.
    const size_t parameters = request.fields.size();
    if (operation.body) AddBody(operation, request, rule);
    std::vector<Field> body(request.fields.begin() + static_cast<ptrdiff_t>(parameters),
                            request.fields.end());
    for (const Property& parameter : operation.query_parameters) {
      AddField(operation, "query_", types_.MapField(parameter, operation.rpc, contract_), request);
    }
    std::rotate(request.fields.begin() + static_cast<ptrdiff_t>(parameters),
                request.fields.begin() + static_cast<ptrdiff_t>(parameters + body.size()),
                request.fields.end());
    for (size_t i = 0; i < request.fields.size(); ++i) {
      request.fields[i].number = static_cast<int>(i) + 1;
    }
    std::string name = request.name;
    contract_.messages[name] = std::move(request);
    return name;
  }

  void AddBody(const Operation& operation, Message& request, google::api::HttpRule& rule) {
    std::string dto;
    const bool is_dto = types_.IsMessage(*operation.body, dto);
    Field field =
        types_.MapField({kBody, /*required=*/true, *operation.body}, operation.rpc, contract_);
    if (IsCollection(field)) field.name = kItems;
    MakeNameUnique("request_", request.fields, field);
    ClearWireName(field);
    field.assumed_required = !operation.body_required;
    rule.set_body(field.name);
    AddField(operation, "", std::move(field), request);
    if (operation.verb != "patch" || !is_dto) return;
    Field mask;
    mask.name = kUpdateMask;
    mask.type = kFieldMaskType;
    MakeNameUnique("field_", request.fields, mask);
    ClearWireName(mask);
    AddField(operation, "", std::move(mask), request);
  }

  std::string AddReply(const Operation& operation, google::api::HttpRule& rule) {
    if (!operation.reply) return kEmptyType;
    std::string dto;
    if (types_.IsMessage(*operation.reply, dto)) return dto;
    Message reply;
    reply.wrapper = true;
    reply.name = WrapperName(operation, "Response");
    Field field =
        types_.MapField({kSingle, /*required=*/false, *operation.reply}, operation.rpc, contract_);
    if (IsCollection(field)) field.name = kItems;
    rule.set_response_body(field.name);
    AddField(operation, "", std::move(field), reply);
    std::string name = reply.name;
    contract_.messages[name] = std::move(reply);
    return name;
  }

  const Api& api_;
  TypeMapper& types_;
  Contract& contract_;
  std::set<std::string> ambiguous_;
};

}  // namespace

Contract MakeContract(const Api& api, const std::set<std::string>& taken, Notes& notes) {
  Contract contract;
  std::set<std::string> names = taken;
  for (const Operation& operation : api.operations) names.insert(operation.service);
  TypeMapper types(api, std::move(names), notes);
  types.AddNamedTypes(contract);
  OperationMapper(api, types, contract).AddServices();
  return contract;
}

}  // namespace gateway::apigen
