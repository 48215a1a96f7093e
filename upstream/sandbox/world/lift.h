// Copies the content of a request into a record. The request's DTO and the record's schema differ
// in required members, in nullable members, and in how they spell relations.
#ifndef UPSTREAM_SANDBOX_WORLD_LIFT_H_
#define UPSTREAM_SANDBOX_WORLD_LIFT_H_

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

// Returns `record` with those members of `source` that the schema has:
//   - null clears a member that may be null or absent, and leaves any other member as it was;
//   - objects merge member by member, lists and maps replace;
//   - an id where the schema holds an object becomes {"id": id};
//   - an object within a list gets a new id if its schema requires an id and it has none;
//   - a number becomes its text where the schema holds a text.
Json Lift(World& world, const Schema& schema, Json record, const Json& source);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_LIFT_H_
