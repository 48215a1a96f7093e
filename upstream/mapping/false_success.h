// The body of a 2xx that is an error.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_FALSE_SUCCESS_H_
#define UPSTREAM_MAPPING_FALSE_SUCCESS_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/error_body.h"

namespace gateway::mapping {

// Returns true for members that mean something else in the reply, since they are documented.
using MemberFilter = absl::FunctionRef<bool(absl::string_view name, const nlohmann::json& value)>;

// Reads a body that is an object with no members but those of an error. Returns empty parts for any
// other body, and never a sample.
ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body);

// Like ReadNothingButAnError; also reads an object that has other members as well, if those that
// `skip` leaves are an error beyond doubt: code and message both where errors have them, or an
// `error` in which there is something. Of a list, the first element that is one and has no member
// that `skip` takes.
ErrorParts ReadErrorInstead(const v1::Provider& provider, absl::string_view body,
                            MemberFilter skip);

// Whether what `skip` leaves of an object is an error beyond doubt, or says of itself that the call
// failed.
bool ContradictsSuccess(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

// Whether an object that is a complete reply contradicts itself: the members that `skip` leaves are
// an error beyond doubt, or one is `success: false`. A new member of the reply may be called
// `status` or `code` as well, so neither says anything alone.
bool ContradictsReply(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

// Whether ContradictsReply can be true for an object with a member of this name. Takes no parser.
bool MayContradictReply(const v1::Provider& provider, absl::string_view name);

// Whether an object with a member of this name, as it stands in JSON, can be an error, or say of
// itself that the call failed (see says_failure.h). Takes no parser.
bool MayBeInError(const v1::Provider& provider, absl::string_view name);

// Whether what `skip` leaves of an object has any part of an error.
bool HasErrorParts(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FALSE_SUCCESS_H_
