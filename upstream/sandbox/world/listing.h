// Selects the records that a list shows: filters, cursors, limit, order.
//
// If the items' schema has a member with the name of a query parameter, the member must equal the
// parameter, or one of its values if it repeats. The behaviour's operations.<id>.filters can
// replace this rule for a parameter:
//   "lines.product_id"           the path to compare
//   {"name", "steam_id"}         one of these paths contains the value; case is ignored
//   a function of the value      returns relations that the item must have (see Matches), or nil;
//                                also called if the request leaves the parameter out
//
// "after" selects greater IDs and "before" selects smaller IDs, that is, later and earlier
// creation, whatever the order. The newest record comes first unless "asc" is true. A list without
// paging is sorted by the behaviour's operations.<id>.order_by.
#ifndef UPSTREAM_SANDBOX_WORLD_LISTING_H_
#define UPSTREAM_SANDBOX_WORLD_LISTING_H_

#include <string>

#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

inline constexpr int kDefaultPageSize = 10;

struct Listed {
  Json records = Json::array();
  // Whether further records follow in the direction of the cursor. Set only for an operation with
  // the parameter "starting_after".
  bool more = false;
};

// `where`: relations that each record must have (see Matches). The request's own filters apply in
// addition.
Listed ListRecords(World& world, const std::string& collection, const Json& where);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_LISTING_H_
