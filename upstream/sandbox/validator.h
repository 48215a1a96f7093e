// Holds a JSON value against a type of the contract.
//
// Pure apart from the clock; knows nothing of operations or behaviour, so tests use it on what the
// handlers answer.
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

// One thing wrong, in the terms of the upstream's ValidationError.
struct Violation {
  // "required", "unknown", "type", "null", "enum", "format", "range", "length", "count"
  std::string code;
  std::string message;
  // "lines[0].quantity"; "" is the value itself.
  std::string path;

  bool operator==(const Violation& other) const {
    return code == other.code && message == other.message && path == other.path;
  }
};

enum class UnknownMembers {
  // What the contract says: refused in closed objects, ignored in open ones.
  kAsDeclared,
  // Refused everywhere: what this project writes itself has no excuse for them.
  kRefused,
};

// Everything wrong with `value`; empty means it conforms. `now`: what bounds ahead of the present
// are taken against, with a minute for clocks that differ.
std::vector<Violation> Validate(const Type& type, const Json& value, UnknownMembers unknown,
                                absl::Time now = absl::Now());

// The value that a text stands for, as far as it is of this type; the text itself otherwise.
Json ReadScalar(const Type& type, absl::string_view text);

// The value that the text of a path or query parameter stands for. Appends to `violations` what is
// wrong with it and is then absent.
Json ParseParameter(const Parameter& parameter, absl::string_view text,
                    std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_VALIDATOR_H_
