#include "tools/apigen/contract.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tools/apigen/http_rule.h"
#include "tools/apigen/naming.h"
#include "tools/apigen/type_mapping.h"

namespace gateway::apigen {
namespace {

using google::protobuf::MethodOptions;

constexpr char kBody[] = "body";
constexpr char kItems[] = "items";
constexpr char kSingle[] = "value";
constexpr char kUpdateMask[] = "update_mask";

bool IsCollection(const Field& field) {
  return field.label == Label::kRepeated || field.label == Label::kMap;
}

MethodOptions::IdempotencyLevel IdempotencyOf(const std::string& verb) {
  if (verb == "get") return MethodOptions::NO_SIDE_EFFECTS;
  if (verb == "put" || verb == "delete") return MethodOptions::IDEMPOTENT;
  return MethodOptions::IDEMPOTENCY_UNKNOWN;
}

// Builds the services and the messages that exist for one RPC.
class OperationMapper {
 public:
  OperationMapper(const Api& api, TypeMapper& types, Contract& contract)
      : api_(api), types_(types), contract_(contract) {
    std::map<std::string, std::set<std::string>> tags_of_rpc;
    for (const Operation& operation : api.operations) {
      tags_of_rpc[operation.rpc].insert(operation.tag);
    }
    for (const auto& [rpc, tags] : tags_of_rpc) {
      if (tags.size() > 1) ambiguous_.insert(rpc);
    }
  }

  void AddServices() {
    std::map<std::string, Service> services;
    for (const Operation& operation : api_.operations) {
      Service& service = services[operation.tag];
      service.name = absl::StrCat(PascalCase(operation.tag), "Service");
      service.stem = SnakeCase(operation.tag);
      AddMethod(operation, service);
    }
    for (auto& [tag, service] : services) contract_.services.push_back(std::move(service));
  }

 private:
  void AddMethod(const Operation& operation, Service& service) {
    for (const Method& other : service.methods) {
      if (other.name == operation.rpc) {
        types_.Fail(operation.pointer, absl::StrCat("a second RPC \"", operation.rpc, "\""));
      }
    }
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
    service.methods.push_back(std::move(method));
  }

  // A name for a message of this RPC that no schema and no other RPC has.
  std::string WrapperName(const Operation& operation, absl::string_view suffix) {
    std::string name = absl::StrCat(operation.rpc, suffix);
    if (ambiguous_.count(operation.rpc) > 0 || IsTaken(name)) {
      name = absl::StrCat(PascalCase(operation.tag), name);
    }
    if (!IsIdentifier(name) || IsTaken(name)) {
      types_.Fail(operation.pointer, absl::StrCat("no free name for ", name));
    }
    return name;
  }

  bool IsTaken(const std::string& name) const {
    return contract_.messages.count(name) > 0 || contract_.enums.count(name) > 0;
  }

  void AddField(const Operation& operation, Field field, Message& message) {
    for (const Field& other : message.fields) {
      if (other.name == field.name) {
        types_.Fail(operation.pointer, absl::StrCat("a second parameter \"", field.name, "\""));
      }
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
      path = absl::StrReplaceAll(
          path, {{absl::StrCat("{", parameter.name, "}"), absl::StrCat("{", field.name, "}")}});
      // The template has the field's name; the parameter's own never reaches the wire.
      field.options.MutableExtension(gateway::v1::field)->clear_wire_name();
      AddField(operation, std::move(field), request);
    }
    SetTarget(operation.verb, path, rule);
    for (const Property& parameter : operation.query_parameters) {
      AddField(operation, types_.MapField(parameter, operation.rpc, contract_), request);
    }
    if (operation.body) AddBody(operation, request, rule);
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
    rule.set_body(field.name);
    AddField(operation, std::move(field), request);
    if (operation.verb != "patch" || !is_dto) return;
    Field mask;
    mask.name = kUpdateMask;
    mask.type = kFieldMaskType;
    AddField(operation, std::move(mask), request);
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
    AddField(operation, std::move(field), reply);
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

absl::StatusOr<Contract> MakeContract(const Api& api) {
  Contract contract;
  TypeMapper types(api);
  types.AddNamedTypes(contract);
  OperationMapper(api, types, contract).AddServices();
  if (!types.status().ok()) return types.status();
  return contract;
}

}  // namespace gateway::apigen
