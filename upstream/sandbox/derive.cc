#include "upstream/sandbox/derive.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::sandbox {
namespace {

// The schema of the object that a reply shows, or of those that it lists; "" where it is neither.
std::string ShownSchema(const std::optional<Type>& reply) {
  const Type* type = reply ? &*reply : nullptr;
  if (type != nullptr && type->kind == Type::Kind::kArray) type = type->element.get();
  return type != nullptr && type->kind == Type::Kind::kRef ? type->ref : "";
}

bool IsList(const std::optional<Type>& reply) { return reply && reply->kind == Type::Kind::kArray; }

const Operation* Reader(const Contract& contract, const std::string& path) {
  for (const Operation& operation : contract.operations()) {
    if (operation.verb == "GET" && operation.path == path) return &operation;
  }
  return nullptr;
}

// What the steps below share about one operation.
struct Shape {
  bool names_record = false;
  bool one_of_a_kind = false;
  std::string collection;
  // The variable that holds the record.
  std::string record;
  Json where = Json::object();
  Json set = Json::object();
};

Shape ShapeOf(const Contract& contract, const Operation& operation, const Json& stated) {
  Shape shape;
  shape.names_record = absl::EndsWith(operation.path, "}");
  const Operation* reader = Reader(contract, operation.path);
  shape.one_of_a_kind = !shape.names_record && reader != nullptr && !IsList(reader->reply.type);
  shape.collection = ShownSchema(reader != nullptr ? reader->reply.type : operation.reply.type);
  shape.record =
      shape.names_record ? RecordName(operation.path_params.back().name) : std::string("item");
  for (const Parameter& parameter : operation.path_params) {
    shape.where[SnakeCase(parameter.name)] = absl::StrCat("$path.", parameter.name);
  }
  if (shape.names_record) shape.where = Json::object();
  shape.set = shape.where;
  shape.where.update(stated.value("where", Json::object()));
  shape.set.update(stated.value("set", Json::object()));
  return shape;
}

Json FindStep(const Shape& shape, bool optional) {
  return {{"find", shape.collection},
          {"where", shape.where},
          {"as", shape.record},
          {"optional", optional}};
}

Json ReadSteps(const Shape& shape, const Operation& operation) {
  if (shape.names_record) return Json::array();
  if (!IsList(operation.reply.type)) return Json::array({FindStep(shape, false)});
  return Json::array({{{"list", shape.collection}, {"where", shape.where}, {"as", "items"}}});
}

Json CreateSteps(const Shape& shape) {
  Json steps = Json::array();
  if (shape.one_of_a_kind) {
    steps.push_back(FindStep(shape, true));
    steps.push_back({{"require", {{"$not", absl::StrCat("$", shape.record)}}},
                     {"else",
                      {{"status", 409},
                       {"code", "conflict"},
                       {"message", absl::StrCat(shape.collection, " exists already")}}}});
  }
  steps.push_back({{"create", shape.collection},
                   {"from", "$body"},
                   {"set", shape.set},
                   {"hidden", shape.set},
                   {"as", shape.record}});
  return steps;
}

Json ChangeSteps(const Shape& shape, const Operation& operation, const Json& stated) {
  Json steps = Json::array();
  if (!shape.names_record) steps.push_back(FindStep(shape, false));
  if (operation.verb == "DELETE") {
    steps.push_back({{"delete", shape.record}});
  } else {
    steps.push_back({{"update", shape.record},
                     {"from", "$body"},
                     {"set", stated.value("set", Json::object())}});
  }
  return steps;
}

Json DerivedReply(const Shape& shape, const Operation& operation) {
  const std::string shown = absl::StrCat("$", shape.record);
  if (!IsList(operation.reply.type)) return shown;
  return shape.names_record ? Json::array({shown}) : Json("$items");
}

}  // namespace

std::string SnakeCase(absl::string_view camel) {
  std::string snake;
  for (const char c : camel) {
    if (absl::ascii_isupper(c)) snake += '_';
    snake += absl::ascii_tolower(c);
  }
  return snake;
}

std::string RecordName(absl::string_view parameter) {
  return std::string(absl::StripSuffix(parameter, "Id"));
}

absl::StatusOr<Json> CompleteRule(const Contract& contract, const Operation& operation,
                                  const Json& stated) {
  Json rule = stated;
  if (stated.contains("steps")) return rule;
  const Shape shape = ShapeOf(contract, operation, stated);
  if (shape.collection.empty() && !shape.names_record) {
    return absl::InvalidArgumentError(absl::StrCat(operation.id, ": no rule, and none derivable"));
  }
  Json steps = stated.value("before", Json::array());
  Json derived = operation.verb == "GET"    ? ReadSteps(shape, operation)
                 : operation.verb == "POST" ? CreateSteps(shape)
                                            : ChangeSteps(shape, operation, stated);
  steps.insert(steps.end(), derived.begin(), derived.end());
  const Json after = stated.value("after", Json::array());
  steps.insert(steps.end(), after.begin(), after.end());
  rule["steps"] = std::move(steps);
  if (operation.reply.type && !rule.contains("reply")) {
    rule["reply"] = DerivedReply(shape, operation);
  }
  return rule;
}

}  // namespace gateway::sandbox
