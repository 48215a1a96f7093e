// Arguments that every operation of the contract accepts while the store holds its seed. They are
// read from contracts/<provider>.arguments.json, for tests that call all operations.
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

// Returns, as an object, the query parameters that the file sets for the operation; empty if there
// are none.
const Json& SeededQuery(const Operation& operation);

// Returns the operation's path with the parameter values filled in, without a query.
std::string SeededPath(const Operation& operation);

// Returns SeededPath() with a query: the parameters of SeededQuery() and an example of each other
// required parameter.
std::string SeededTarget(const Operation& operation);

// Options for examples that refer only to records of the seed.
ExampleOptions SeededExample(Fill fill, const std::string& provider = "paynow");

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_ARGUMENTS_H_
