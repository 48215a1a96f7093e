#include "upstream/sandbox/world/records.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/world/lift.h"

namespace gateway::sandbox {
namespace {

// Sets the defaults for members that the schema has and the record lacks.
void Complete(World& world, const Schema& schema, const Script::Path& section, Json& record) {
  for (const auto& [member, setting] : world.Setting(section).items()) {
    if (schema.Find(member) == nullptr || record.contains(member)) continue;
    Json value = world.Value(setting, section, member, record);
    if (!IsAbsent(value)) record[member] = std::move(value);
  }
}

void CompleteAll(World& world, const std::string& collection, Json& record) {
  const Schema& schema = *world.contract().FindSchema(collection);
  const Field* const id = schema.Find("id");
  if (id != nullptr && !record.contains("id") && id->type.kind != Type::Kind::kInteger) {
    record["id"] = world.NextId();
  }
  Complete(world, schema, {"collections", collection, "defaults"}, record);
  Complete(world, schema, {"defaults"}, record);
  for (const auto& [member, setting] : world.Setting({"hidden"}).items()) {
    if (record.contains(member)) continue;
    Json value = world.Value(setting, {"hidden"}, member, record);
    if (!IsAbsent(value)) record[member] = std::move(value);
  }
}

std::optional<Refusal> CheckUnique(World& world, const std::string& collection, const Json& record,
                                   const Handle* self) {
  for (const Json& member : world.Setting({"collections", collection, "unique"})) {
    const std::string name = member.get<std::string>();
    if (!record.contains(name) || !record[name].is_string()) continue;
    for (const Handle& other : world.state().FindAll(collection, Json::object())) {
      if (self != nullptr && self->key == other.key) continue;
      const Json taken = world.state().Get(other)->value(name, Json());
      if (!taken.is_string() ||
          !absl::EqualsIgnoreCase(taken.get<std::string>(), record[name].get<std::string>())) {
        continue;
      }
      const std::string message = absl::StrCat("this ", name, " is taken");
      return Refusal{409, "conflict", message, {{"unique", message, name}}};
    }
  }
  return std::nullopt;
}

Refusal NoCollection(const std::string& name) {
  return {500, "internal", absl::StrCat("there is no collection ", name), {}};
}

}  // namespace

std::variant<Handle, Refusal> CreateRecord(World& world, const std::string& collection,
                                           const Json& from, const Json& set, const Json& hidden) {
  const Schema* const schema = world.contract().FindSchema(collection);
  if (schema == nullptr) return NoCollection(collection);
  Json record = Lift(world, *schema, Lift(world, *schema, hidden, from), set);
  CompleteAll(world, collection, record);
  if (auto refusal = CheckUnique(world, collection, record, nullptr)) return *std::move(refusal);
  return world.state().Insert(collection, std::move(record));
}

std::optional<Refusal> UpdateRecord(World& world, const Handle& handle, const Json& from,
                                    const Json& set, const Json& hidden) {
  const Json* const before = world.state().Get(handle);
  if (before == nullptr) return NotFound(handle.collection);
  const Schema& schema = *world.contract().FindSchema(handle.collection);
  Json record = Lift(world, schema, Lift(world, schema, *before, from), set);
  record.update(hidden);
  for (const auto& [member, setting] : world.Setting({"touched"}).items()) {
    if (schema.Find(member) == nullptr) continue;
    record[member] = world.Value(setting, {"touched"}, member, record);
  }
  if (auto refusal = CheckUnique(world, handle.collection, record, &handle)) return refusal;
  world.state().Replace(handle, std::move(record));
  return std::nullopt;
}

std::optional<Refusal> PlantRecords(World& world, const Json& seed) {
  for (const auto& [collection, records] : seed.items()) {
    if (world.contract().FindSchema(collection) == nullptr) return NoCollection(collection);
    for (const Json& planted : records) {
      Json record = planted;
      CompleteAll(world, collection, record);
      world.state().Insert(collection, std::move(record));
    }
  }
  return std::nullopt;
}

}  // namespace gateway::sandbox
