// Renders a record in the shape of a schema: the reply holds every member that the schema requires
// and no member that the schema does not declare.
//
// A member that the record lacks comes from the first of these sources that has it:
//   1. the behaviour's "computed" member of this name,
//   2. the record that the member refers to: "customer" by "customer_id", if the behaviour
//      keeps records of the member's schema,
//   3. the text of an amount: "total_amount_str" by "total_amount",
//   4. the member that this member mirrors: "presentment_total_amount" by "total_amount"
//      (the behaviour's "mirrors"),
//   5. if the member is required and not nullable: the behaviour's "fill" by the member's name, or
//      else a generated value, the same each time the record is shown.
// Any other member is left out or shown as null: always null if it is required and nullable, null
// for about half of the nullable members that are not required.
#ifndef UPSTREAM_SANDBOX_WORLD_RENDER_H_
#define UPSTREAM_SANDBOX_WORLD_RENDER_H_

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

// The result conforms to `type` if the members that `value` brings conform.
Json Render(World& world, const Type& type, const Json& value);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_RENDER_H_
