// Which records a list shows: filters, cursors, limit, order.
//
// A query parameter that the items' schema has a member for must equal it (any of the values, where
// it repeats). The behaviour's operations.<id>.filters say otherwise by parameter:
//   "lines.product_id"           the path to compare
//   {"name", "steam_id"}         any of these paths holds the value as a part, case ignored
//   a function of the value      returns relations that the item must have (see Matches), or nil;
//                                it is asked too where the request leaves the parameter out
//
// "after" and "before" mean the time of creation, whichever the order: ids greater, ids less. The
// newest comes first unless "asc" is true. A list without paging is sorted by the behaviour's
// operations.<id>.order_by.
#ifndef UPSTREAM_SANDBOX_WORLD_LISTING_H_
#define UPSTREAM_SANDBOX_WORLD_LISTING_H_

#include <string>

#include "upstream/sandbox/json.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {

inline constexpr int kDefaultPageSize = 10;

struct Listed {
  Json records = Json::array();
  // Whether there are further ones in the direction of the cursor.
  bool more = false;
};

// `where` narrows first, then what is asked for.
Listed ListRecords(World& world, const std::string& collection, const Json& where);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_LISTING_H_
