// Which records a list shows: filters, cursors, limit, order.
//
// A query parameter that the items' schema has a member for must equal it (any of the values, where
// it repeats). The rule's "filters" say otherwise by parameter:
//   "lines.product_id"           the path to compare
//   ["name", "steam_id"]         any of these paths holds the value as a part, case ignored
//   {"active": {relations}, ...} by the value: relations that the item must have (see Matches); a
//                                value that is not listed does not narrow. The entry "" stands
//                                for the parameter's absence.
//
// "after" and "before" mean the time of creation, whichever the order: ids greater, ids less. The
// newest comes first unless "asc" is true.
#ifndef UPSTREAM_SANDBOX_LISTING_H_
#define UPSTREAM_SANDBOX_LISTING_H_

#include <vector>

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/expression.h"
#include "upstream/sandbox/state.h"
#include "upstream/sandbox/world.h"

namespace gateway::sandbox {

inline constexpr int kDefaultPageSize = 10;

// `where` narrows first, then the operation's query (bound as "query" in `names`).
Json ListRecords(World& world, Names& names, absl::string_view collection, const Json& where,
                 const Operation& operation, const Json& rule);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_LISTING_H_
