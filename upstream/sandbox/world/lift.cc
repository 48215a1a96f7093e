#include "upstream/sandbox/world/lift.h"

#include <utility>

namespace gateway::sandbox {
namespace {

bool IsObject(const Type& type) { return type.kind == Type::Kind::kRef && type.schema->is_object; }

bool IsText(const Type& type) {
  return type.kind == Type::Kind::kString ||
         (type.kind == Type::Kind::kRef && !type.schema->is_object);
}

Json LiftValue(World& world, const Type& type, const Json& before, const Json& source);

Json LiftElement(World& world, const Type& type, const Json& source) {
  Json element = LiftValue(world, type, Json(), source);
  if (!IsObject(type) || !element.is_object()) return element;
  const Field* id = type.schema->Find("id");
  if (id != nullptr && id->required && !element.contains("id")) element["id"] = world.NextId();
  return element;
}

Json LiftValue(World& world, const Type& type, const Json& before, const Json& source) {
  if (type.kind == Type::Kind::kArray && source.is_array()) {
    Json list = Json::array();
    for (const Json& element : source) list.push_back(LiftElement(world, *type.element, element));
    return list;
  }
  if (IsObject(type)) {
    if (source.is_string()) return {{"id", source}};
    if (!source.is_object()) return source;
    return Lift(world, *type.schema, before.is_object() ? before : Json::object(), source);
  }
  if (IsText(type) && source.is_number()) return PlainText(source);
  return source;
}

}  // namespace

Json Lift(World& world, const Schema& schema, Json record, const Json& source) {
  for (const auto& [name, value] : source.items()) {
    const Field* field = schema.Find(name);
    if (field == nullptr) continue;
    if (!value.is_null()) {
      record[name] = LiftValue(world, field->type, record.value(name, Json()), value);
    } else if (field->nullable) {
      record[name] = nullptr;
    } else if (!field->required) {
      record.erase(name);
    }
  }
  return record;
}

}  // namespace gateway::sandbox
