// Arguments that the seeded store accepts, for every operation of the contract: read from
// contracts/<provider>.arguments.json, for tests that call all of them.
//
// Pure functions over data that is parsed once.
#ifndef UPSTREAM_SANDBOX_ARGUMENTS_H_
#define UPSTREAM_SANDBOX_ARGUMENTS_H_

#include <string>

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/example.h"

namespace gateway::sandbox {

// The value of one path parameter of the operation.
std::string SeededPathValue(const Operation& operation, absl::string_view parameter);

// An object of those query parameters without which the operation is refused.
const Json& SeededQuery(const Operation& operation);

// The operation's path with the values in it, without the query.
std::string SeededPath(const Operation& operation);

// The path, and the query where one is needed.
std::string SeededTarget(const Operation& operation);

// Makes bodies whose relations the seed has.
ExampleOptions SeededExample(Fill fill, const std::string& provider = "paynow");

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_ARGUMENTS_H_
