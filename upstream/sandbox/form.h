// Reads application/x-www-form-urlencoded bodies, and queries that contain objects, into values
// typed by the contract. Only the sandbox uses this code, so it checks the gateway's encoder
// independently.
//
//   amount=5&metadata[a]=b&tags=x&tags=y  ->  {"amount": 5, "metadata": {"a": "b"}, "tags": [...]}
//
// In names, a[b] and a.b are members; a[] and a[0] are elements; a repeated name adds an element.
// Pure.
#ifndef UPSTREAM_SANDBOX_FORM_H_
#define UPSTREAM_SANDBOX_FORM_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Returns the percent-decoded pairs in their order.
Pairs ParsePairs(absl::string_view text);

// Returns the pairs as a value of this type. A text that does not fit its type stays a string, and
// the validator reports it.
Json ReadForm(const Type& type, const Pairs& pairs);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FORM_H_
