// Two values of the contract, compared member by member as the contract types them. Every
// difference is told with its path; nothing is coerced, except that
//
// - times are compared as instants;
// - in a reply, null, an empty list, an empty map and absent are one: protobuf does not tell them
//   apart;
// - in a request, an empty list or map that is not required may be left out, and null is left out
//   unless a mask asks for it, or the contract asks for null where there is no value.
//
// Pure functions.
#ifndef TESTS_END_TO_END_SUPPORT_DIFFERENCE_H_
#define TESTS_END_TO_END_SUPPORT_DIFFERENCE_H_

#include <string>
#include <vector>

#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::end_to_end {

enum class Way {
  kRequest,
  kMaskedRequest,  // null is sent as null
  kReply,
};

std::vector<std::string> Differences(const sandbox::Type& type, const sandbox::Json& expected,
                                     const sandbox::Json& actual, Way way);

// The text of one query or path value against the value that it stands for.
bool IsTextOf(const sandbox::Type& type, const sandbox::Json& expected, const std::string& text);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_DIFFERENCE_H_
