// Creates and changes records. A record combines what the request says with what the behaviour
// adds: defaults, members kept outside the schema, who changed the record. Unique members are
// checked.
//
// Not thread-safe, like the World.
#ifndef UPSTREAM_SANDBOX_WORLD_RECORDS_H_
#define UPSTREAM_SANDBOX_WORLD_RECORDS_H_

#include <optional>
#include <string>
#include <variant>

#include "upstream/sandbox/json.h"
#include "upstream/sandbox/refusal.h"
#include "upstream/sandbox/world/state.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

// CreateRecord lifts `from` and then `set` (see lift.h) over `hidden`. UpdateRecord lifts both over
// the present record, and then sets the members of `hidden`.
std::variant<Handle, Refusal> CreateRecord(World& world, const std::string& collection,
                                           const Json& from, const Json& set, const Json& hidden);

std::optional<Refusal> UpdateRecord(World& world, const Handle& handle, const Json& from,
                                    const Json& set, const Json& hidden);

// Inserts the records of a seed, an object with one list per collection. Members that a record
// lacks get the values that a created record would get. Fails if the contract has no such
// collection.
std::optional<Refusal> PlantRecords(World& world, const Json& seed);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_RECORDS_H_
