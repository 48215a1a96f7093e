// Shows a record through a schema: the reply holds every member that the schema asks for and none
// that it does not know.
//
// A member that the record lacks comes from the first of these that has it:
//   1. the behaviour's "computed" member of this name,
//   2. the record that it refers to: "customer" by "customer_id", where the behaviour keeps the
//      member's schema,
//   3. the text of an amount: "total_amount_str" by "total_amount",
//   4. the member that it mirrors: "presentment_total_amount" by "total_amount" (the behaviour's
//      "mirrors"),
//   5. the behaviour's "fill" by the member's name,
//   6. null where null may stand (for about half of the members; the others are left out), or
//   7. where it is required: a made-up value, the same each time the record is shown.
#ifndef UPSTREAM_SANDBOX_WORLD_RENDER_H_
#define UPSTREAM_SANDBOX_WORLD_RENDER_H_

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

// Conforms to `type` wherever the members that `value` has do.
Json Render(World& world, const Type& type, const Json& value);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_RENDER_H_
