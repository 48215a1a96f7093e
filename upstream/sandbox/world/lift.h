// Takes what a request says into a record: the request's DTO and the record's schema differ in what
// they require, in what may be null, and in how they spell relations.
#ifndef UPSTREAM_SANDBOX_WORLD_LIFT_H_
#define UPSTREAM_SANDBOX_WORLD_LIFT_H_

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

// `record` with the members of `source` that the schema has:
//   - null clears a member that may be null or absent, and leaves any other as it was;
//   - objects merge member by member, lists and maps replace;
//   - an id where the schema holds an object becomes {"id": id};
//   - an object within a list that needs an id of its own and brings none gets one;
//   - a number where the schema holds a text of digits becomes that text.
Json Lift(World& world, const Schema& schema, Json record, const Json& source);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_LIFT_H_
