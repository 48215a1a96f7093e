// Compares two values of the contract, member by member, by the types of the contract. Every
// difference is reported with its path. Values are not converted, except that
//
// - times are compared as instants;
// - in a reply, null, an empty list, an empty map and an absent member are equal: protobuf does not
//   tell them apart;
// - in a request, an empty list or map that is not required may be left out, and null is left out
//   unless a mask asks for it, or the contract requires null for an unset member.
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

// Whether the text of one query or path value represents the expected value.
bool IsTextOf(const sandbox::Type& type, const sandbox::Json& expected, const std::string& text);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_DIFFERENCE_H_
