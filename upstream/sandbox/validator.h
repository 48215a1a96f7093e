// Holds a JSON value against a type of the contract.
//
// Pure; knows nothing of operations or behaviour, so tests use it on what the handlers answer.
#ifndef UPSTREAM_SANDBOX_VALIDATOR_H_
#define UPSTREAM_SANDBOX_VALIDATOR_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// One thing wrong, in the terms of the upstream's ValidationError.
struct Violation {
  // "required", "unknown", "type", "null", "enum", "format", "range"
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

// Everything wrong with `value`; empty means it conforms.
std::vector<Violation> Validate(const Type& type, const Json& value, UnknownMembers unknown);

// The value that the text of a path or query parameter stands for. Appends to `violations` what is
// wrong with it and is then absent.
Json ParseParameter(const Parameter& parameter, absl::string_view text,
                    std::vector<Violation>& violations);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_VALIDATOR_H_
