// The floor under the leniency towards replies: whether a 2xx can be the reply that is documented.
//
//   documented        counts as the reply
//   nothing           whatever is no page, and not an error by all of its members
//   JSON of any form  the same, if it is JSON
//   an object         what has a required member that it shares with no error body; where none is
//                     required, {} and what has any such member. Beside missing required members
//                     there must be no parts of an error.
//   a list, a map     what has that type, and is not an error by all of its members
//
// An upstream that says "200" and means "no" must not look like a refund that was made.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
#define UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// Both return what speaks against the reply, or "". Static storage.

// Of a reply of which nothing is documented.
absl::string_view AgainstUndocumented(const Route& route, const http::Response& response);

// Of a reply whose JSON has been read. `object`: the JSON is an object that was read into the
// message that has Route::telling; `seen` and `set` are then the fields of it that had a member,
// and those whose member was not null.
absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const FieldSet& seen, const FieldSet& set);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
