#include "upstream/sandbox/world/shape.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace gateway::sandbox {
namespace {

// Returns the schema of the object that a reply shows or lists; "" if the reply does neither.
std::string ShownSchema(const std::optional<Type>& reply) {
  const Type* type = reply ? &*reply : nullptr;
  if (type != nullptr && type->kind == Type::Kind::kArray) type = type->element.get();
  return type != nullptr && type->kind == Type::Kind::kRef ? type->ref : "";
}

bool IsList(const std::optional<Type>& reply) { return reply && reply->kind == Type::Kind::kArray; }

const Operation* Reader(const Contract& contract, absl::string_view path) {
  for (const Operation& operation : contract.operations()) {
    if (operation.verb == "GET" && operation.path == path) return &operation;
  }
  return nullptr;
}

// Whether the path has an operation other than GET.
bool IsWritten(const Contract& contract, absl::string_view path) {
  const auto& operations = contract.operations();
  return std::any_of(operations.begin(), operations.end(), [path](const Operation& operation) {
    return operation.verb != "GET" && operation.path == path;
  });
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
  if (!absl::ConsumeSuffix(&parameter, "Id")) absl::ConsumeSuffix(&parameter, "_id");
  return std::string(parameter);
}

Json ShapeOf(const Contract& contract, const Operation& operation) {
  const Operation* const reader = Reader(contract, operation.path);
  const bool names_record = absl::EndsWith(operation.path, "}");
  const std::string collection =
      ShownSchema(reader != nullptr ? reader->reply.type : operation.reply.type);
  Json shape = {
      {"id", operation.id},
      {"verb", operation.verb},
      {"names_record", names_record},
      {"one_of_a_kind", !names_record && reader != nullptr && !IsList(reader->reply.type)},
      {"lists", IsList(operation.reply.type)},
      {"is_written", IsWritten(contract, operation.path)},
      {"parents", Json::object()}};
  if (!collection.empty() || names_record) shape["collection"] = collection;
  for (const Parameter& parameter : operation.path_params) {
    // Only the names are known here. The values come from the request: see Handler.
    if (!names_record) shape["parents"][SnakeCase(parameter.name)] = parameter.name;
  }
  return shape;
}

std::string NamedCollection(const Contract& contract, const Operation& operation, size_t index) {
  const std::string parameter = absl::StrCat("{", operation.path_params[index].name, "}");
  const size_t begin = operation.path.find(parameter);
  const Operation* const reader =
      Reader(contract, absl::string_view(operation.path).substr(0, begin + parameter.size()));
  return reader == nullptr ? "" : ShownSchema(reader->reply.type);
}

}  // namespace gateway::sandbox
