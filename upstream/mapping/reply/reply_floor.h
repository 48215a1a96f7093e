// The limit of leniency towards replies: whether a 2xx can be the documented reply. A 200 that
// means "no" must not look like a refund that was made.
//
//   documented reply   body that is accepted
//   nothing, or JSON   any body but a page for people, an error (see false_success.h), or a body
//   of any form        that says that the call failed (see says_failure.h)
//   an object          an object, under the conditions below
//   a list             a list, unless an element without a documented member is an error
//   a map              an object, unless it has only members of an error
//
// A telling member is a documented member whose name no error body uses (Route::telling). The
// conditions for an object depend on the documented members that it has:
//
//   documented members in the body        its other members must not
//   all that are required (one or more)   be an error beyond doubt, or {"success": false}
//   most, and none is required            be an error beyond doubt, or {"success": false}
//   a telling one, and none is required   be an error beyond doubt, or say that the call failed
//   a telling one, but required ones      have any part of an error, or say that the call failed
//   are missing
//
// Any other object is accepted only if it is {} and no member is required, or if the reply may be
// empty (Route::reply_may_be_empty) and the object is no error.
//
// A member that is null counts only if no member is required, or if the member itself is required
// and may be null.
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

// AgainstUndocumented and AgainstDocumented return why the body cannot be the reply, or "". The
// text has static storage.

// For a route whose reply is not documented, or is JSON of any form.
absl::string_view AgainstUndocumented(const Route& route, const http::Response& response);

// For a reply whose JSON has been read by `reader`. If `object` is true, the JSON is an object that
// was read into the message that Route::telling belongs to.
absl::string_view AgainstDocumented(const Route& route, absl::string_view body, bool object,
                                    const WireFromJson& reader);

// Returns the parts of the error in a body that was refused; empty if it has no error. They hold no
// member of a reply.
ErrorParts ErrorInsteadOfReply(const Route& route, absl::string_view body);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REPLY_REPLY_FLOOR_H_
