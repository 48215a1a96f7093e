#include "upstream/sandbox/contract.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace gateway::sandbox {
namespace {

Type::Kind ReadKind(const std::string& name) {
  static const auto* const kKinds = new std::map<std::string, Type::Kind>{
      {"string", Type::Kind::kString}, {"integer", Type::Kind::kInteger},
      {"number", Type::Kind::kNumber}, {"boolean", Type::Kind::kBoolean},
      {"null", Type::Kind::kNull},     {"any", Type::Kind::kAny},
  };
  return kKinds->at(name);
}

Type ReadType(const Json& json) {
  Type type;
  if (json.contains("ref")) {
    type.kind = Type::Kind::kRef;
    type.ref = json.at("ref").get<std::string>();
  } else if (json.contains("array")) {
    type.kind = Type::Kind::kArray;
    type.element = std::make_shared<Type>(ReadType(json.at("array")));
  } else if (json.contains("map")) {
    type.kind = Type::Kind::kMap;
    type.element = std::make_shared<Type>(ReadType(json.at("map")));
  } else {
    type.kind = ReadKind(json.at("type").get<std::string>());
    type.format = json.value("format", "");
  }
  type.min_length = json.value("min_length", type.min_length);
  type.max_length = json.value("max_length", type.max_length);
  return type;
}

std::optional<int64_t> ReadNumber(const Json& json, const char* name) {
  if (!json.contains(name)) return std::nullopt;
  return json.at(name).get<int64_t>();
}

Parameter ReadParameter(const Json& json, bool required) {
  Parameter parameter;
  parameter.name = json.at("name").get<std::string>();
  parameter.type = ReadType(json);
  parameter.required = json.value("required", required);
  parameter.minimum = ReadNumber(json, "minimum");
  parameter.maximum = ReadNumber(json, "maximum");
  return parameter;
}

DeclaredReply ReadReply(const Json& json) {
  DeclaredReply reply;
  reply.status = json.at("status").get<int>();
  if (json.contains("reply")) reply.type = ReadType(json.at("reply"));
  return reply;
}

Operation ReadOperation(const Json& json) {
  Operation operation;
  operation.id = json.at("id").get<std::string>();
  operation.tag = json.at("tag").get<std::string>();
  operation.rpc = json.at("rpc").get<std::string>();
  operation.verb = json.at("verb").get<std::string>();
  operation.path = json.at("path").get<std::string>();
  for (const Json& item : json.at("path_params")) {
    operation.path_params.push_back(ReadParameter(item, /*required=*/true));
  }
  for (const Json& item : json.value("query", Json::array())) {
    operation.query.push_back(ReadParameter(item, /*required=*/false));
  }
  if (json.contains("body")) operation.body = ReadType(json.at("body"));
  operation.reply = ReadReply(json);
  for (const Json& item : json.value("also", Json::array())) {
    operation.also.push_back(ReadReply(item));
  }
  operation.idempotency_key = json.value("idempotency_key", false);
  operation.partial = json.value("partial", false);
  return operation;
}

Field ReadField(const std::string& name, const Json& json) {
  Field field;
  field.name = name;
  field.type = ReadType(json);
  field.nullable = json.value("nullable", false);
  field.required = json.value("required", false);
  field.read_only = json.value("read_only", false);
  field.deprecated = json.value("deprecated", false);
  field.minimum = ReadNumber(json, "minimum");
  field.maximum = ReadNumber(json, "maximum");
  field.min_items = json.value("min_items", field.min_items);
  field.max_items = json.value("max_items", field.max_items);
  field.max_key_length = json.value("max_key_length", field.max_key_length);
  field.min_seconds_ahead = ReadNumber(json, "min_seconds_ahead");
  field.max_seconds_ahead = ReadNumber(json, "max_seconds_ahead");
  field.aliases = json.value("aliases", field.aliases);
  field.empty_is_unset = json.value("empty_is_unset", false);
  field.null_when_unset = json.value("null_when_unset", false);
  if (json.contains("const")) field.constant = json.at("const");
  return field;
}

Schema ReadSchema(const std::string& name, const Json& json) {
  Schema schema;
  schema.name = name;
  schema.is_object = json.at("type") == "object";
  schema.closed = json.value("closed", false);
  schema.open = json.value("open", false);
  schema.format = json.value("format", "");
  schema.enum_texts = json.value("enum", std::vector<std::string>());
  const Json fields = json.value("fields", Json::object());
  for (const auto& [field_name, text] : fields.items()) {
    schema.fields.push_back(ReadField(field_name, text));
  }
  return schema;
}

}  // namespace

const Field* Schema::Find(absl::string_view field) const {
  for (const Field& candidate : fields) {
    if (candidate.name == field) return &candidate;
  }
  return nullptr;
}

const Parameter* Operation::FindQuery(absl::string_view name) const {
  for (const Parameter& parameter : query) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

void Contract::Read(const Json& root) {
  provider_ = root.value("provider", "");
  for (const Json& item : root.at("operations")) {
    operations_.push_back(ReadOperation(item));
    operations_.back().provider = provider_;
  }
  const Json renamed = root.value("renamed", Json::object());
  for (const auto& [before, now] : renamed.items()) {
    known_as_.emplace(now.get<std::string>(), before);
  }
  for (const auto& [name, item] : root.at("schemas").items()) {
    schemas_.emplace(KnownAs(name), ReadSchema(KnownAs(name), item));
  }
  for (const Json& item : root.value("events", Json::array())) {
    events_.push_back({item.at("type").get<std::string>(), ReadType(item)});
  }
}

absl::Status Contract::Link() {
  absl::Status result;
  const auto link = [&](Type& type, absl::string_view where) {
    Type* leaf = &type;
    while (leaf->element != nullptr) leaf = leaf->element.get();
    if (leaf->kind != Type::Kind::kRef) return;
    leaf->ref = KnownAs(leaf->ref);
    leaf->schema = FindSchema(leaf->ref);
    if (leaf->schema == nullptr) {
      result = absl::InvalidArgumentError(absl::StrCat(where, ": no schema ", leaf->ref));
    }
  };
  for (auto& [name, schema] : schemas_) {
    for (Field& field : schema.fields) link(field.type, absl::StrCat(name, ".", field.name));
  }
  for (Operation& operation : operations_) {
    for (Parameter& parameter : operation.path_params) link(parameter.type, operation.id);
    for (Parameter& parameter : operation.query) link(parameter.type, operation.id);
    if (operation.body) link(*operation.body, operation.id);
    if (operation.reply.type) link(*operation.reply.type, operation.id);
    for (DeclaredReply& reply : operation.also) {
      if (reply.type) link(*reply.type, operation.id);
    }
  }
  for (Event& event : events_) link(event.type, event.name);
  return result;
}

absl::StatusOr<std::unique_ptr<const Contract>> Contract::Parse(absl::string_view text) {
  const std::optional<Json> root = ParseJson(text);
  if (!root) return absl::InvalidArgumentError("the contract is not JSON");
  std::unique_ptr<Contract> contract(new Contract);
  try {
    contract->Read(*root);
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the contract's form: ", error.what()));
  }
  if (absl::Status linked = contract->Link(); !linked.ok()) return linked;
  return contract;
}

std::string Contract::KnownAs(absl::string_view name) const {
  const auto before = known_as_.find(std::string(name));
  return before == known_as_.end() ? std::string(name) : before->second;
}

const Schema* Contract::FindSchema(absl::string_view name) const {
  const auto found = schemas_.find(KnownAs(name));
  return found == schemas_.end() ? nullptr : &found->second;
}

const Operation* Contract::FindOperation(absl::string_view id) const {
  for (const Operation& operation : operations_) {
    if (operation.id == id) return &operation;
  }
  return nullptr;
}

const Contract::Event* Contract::FindEvent(absl::string_view name) const {
  for (const Event& event : events_) {
    if (event.name == name) return &event;
  }
  return nullptr;
}

Type Contract::Ref(absl::string_view name) const {
  Type type;
  type.kind = Type::Kind::kRef;
  type.ref = std::string(name);
  type.schema = FindSchema(name);
  return type;
}

}  // namespace gateway::sandbox
