// The limit of leniency towards replies: whether a 2xx can be the documented reply.
//
//   documented        accepted as the reply
//   nothing, or       anything except a page for people, an error (see false_success.h), and what
//   JSON of any form  says of itself that it is none (see says_failure.h)
//   an object         an object that tells a member whose name no error body uses; {} if no member
//                     is required. If required members are missing, there must be no part of an
//                     error beside it; if none is missing, no error beyond doubt, and no
//                     {"success": false}.
//   a list            a list, unless one of its elements has nothing that is documented, and is an
//                     error
//   a map             an object, unless it has only members of an error
//
// Where members are required, null tells something only if it is documented for one of them.
//
// An upstream that says "200" and means "no" must not look like a refund that was made.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
#define UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/reply/wire_from_json.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// Both return the reason why the body cannot be the reply, or "". Static storage.

// For a route whose reply is not documented, or is JSON of any form.
absl::string_view AgainstUndocumented(const Route& route, const http::Response& response);

// For a reply whose JSON has been read by `reader`. If `object` is true, the JSON is an object that
// was read into the message that Route::telling belongs to.
absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const WireFromJson& reader);

// The parts of the error that is in a body that was refused; empty if there is none. Holds no
// member of a reply.
ErrorParts ErrorInsteadOfReply(const Route& route, absl::string_view body);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
