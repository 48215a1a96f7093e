// Checks a JSON value against a type of the contract.
//
// Pure apart from the clock. Knows nothing of operations or behaviour, so tests can also apply it
// to replies of the sandbox's handlers.
#ifndef UPSTREAM_SANDBOX_VALIDATOR_H_
#define UPSTREAM_SANDBOX_VALIDATOR_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// One violation, in the terms of the upstream's ValidationError.
struct Violation {
  // "required", "unknown", "type", "null", "enum", "format", "range", "length" or "count"; from
  // request.cc also "repeated", "content-type" or "json".
  std::string code;
  std::string message;
  // "lines[0].quantity"; "" means the value itself.
  std::string path;

  bool operator==(const Violation& other) const {
    return code == other.code && message == other.message && path == other.path;
  }
};

enum class UnknownMembers {
  // As the contract says: refused in closed objects, ignored in all others.
  kAsDeclared,
  // Refused in every object that the contract does not declare open: this project's own output must
  // not contain unknown members.
  kRefused,
};

// Returns everything wrong with `value`; empty means that it conforms. `now` is the reference for
// bounds in the future, with a tolerance of one minute for clock differences.
std::vector<Violation> Validate(const Type& type, const Json& value, UnknownMembers unknown,
                                absl::Time now = absl::Now());

// Converts the text to the type's number or boolean. If that fails, returns the text as a string.
Json ReadScalar(const Type& type, absl::string_view text);

// Returns the value of a path or query parameter. If the text is wrong, appends to `violations` and
// returns Absent().
Json ParseParameter(const Parameter& parameter, absl::string_view text,
                    std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_VALIDATOR_H_
