// The limit of leniency towards replies: whether a 2xx can be the documented reply.
//
//   documented        accepted as the reply
//   nothing           anything except a page for people, a body with only members of an error, and
//                     one that says of itself that it is none (see says_failure.h)
//   JSON of any form  any JSON, with these two exceptions
//   an object         an object with a required member whose name no error body uses; if no member
//                     is required, {} or an object with any such member. If required members are
//                     missing, the object must not have parts of an error.
//   a list, a map     a value of that type, unless it has only members of an error; a list, unless
//                     its first element is an error
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

// Both return the reason why the body cannot be the reply, or "". Static storage.

// For a route whose reply is not documented.
absl::string_view AgainstUndocumented(const Route& route, const http::Response& response);

// For a reply whose JSON has been read. If `object` is true, the JSON is an object that was read
// into the message that Route::telling belongs to; then `seen` are its fields that had a member,
// and `set` those whose member was not null.
absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const FieldSet& seen, const FieldSet& set);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
