// Finds an error in the body of a 2xx.
//
// Here, the "rest" of an object is the members for which the filter `skip` returns false. An object
// is "an error beyond doubt" if a member such as `error` is not empty, or if the object has both
// code and message where errors have them, and does not say that the call succeeded.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_FALSE_SUCCESS_H_
#define UPSTREAM_MAPPING_FALSE_SUCCESS_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/error_body.h"

namespace gateway::mapping {

// Returns true for the members that the reply documents: they are not parts of an error.
using MemberFilter = absl::FunctionRef<bool(absl::string_view name, const nlohmann::json& value)>;

// Reads an object that has only members of an error, and does not say that the call succeeded.
// Returns empty parts for any other body. Never returns a sample of the text.
ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body);

// Like ReadNothingButAnError, but also reads an object with further members, if its rest is an
// error beyond doubt. In a list, reads the first element that is an error in one of these two ways,
// and has no member for which `skip` returns true.
ErrorParts ReadErrorInstead(const v1::Provider& provider, absl::string_view body,
                            MemberFilter skip);

// Whether the body is an object whose rest is an error beyond doubt, or says that the call failed
// (see says_failure.h).
bool ContradictsSuccess(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

// For a body that is a complete reply: whether its rest is an error beyond doubt, or has a member
// such as `success: false`. A member `status` or `code` alone does not count, because it may be a
// new member of the reply.
bool ContradictsReply(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

// Whether ContradictsReply can be true for an object with a member of this name. Parses nothing.
bool MayContradictReply(const v1::Provider& provider, absl::string_view name);

// Whether an object with a member of this name can be an error, or can say that the call failed
// (see says_failure.h). `name` is as it stands in JSON, perhaps with escapes. Parses nothing.
bool MayBeInError(const v1::Provider& provider, absl::string_view name);

// Whether the body is an object whose rest has any part of an error, and does not say that the call
// succeeded.
bool HasErrorParts(const v1::Provider& provider, absl::string_view body, MemberFilter skip);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FALSE_SUCCESS_H_
