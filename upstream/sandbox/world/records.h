// Creates and changes records: what a request says, what the behaviour adds (defaults, members that
// are kept beside the schema, who changed it), what must be unique.
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

// `from` and `set` are lifted (see lift.h) over `hidden`, one after the other.
std::variant<Handle, Refusal> CreateRecord(World& world, const std::string& collection,
                                           const Json& from, const Json& set, const Json& hidden);

std::optional<Refusal> UpdateRecord(World& world, const Handle& handle, const Json& from,
                                    const Json& set, const Json& hidden);

// Takes in the records of a seed, an object of lists by collection. A record that lacks members
// gets what a created one would get. Fails on a collection that the contract does not have.
std::optional<Refusal> PlantRecords(World& world, const Json& seed);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_RECORDS_H_
