// application/x-www-form-urlencoded bodies and queries with objects in them, read as the contract
// types them. Written for this sandbox alone: what the gateway writes is held against it.
//
//   amount=5&metadata[a]=b&tags=x&tags=y  ->  {"amount": 5, "metadata": {"a": "b"}, "tags": [...]}
//
// Of names: a[b] and a.b are members, a[] and a[0] elements, a name that is there again a further
// element. Pure.
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

// Decoded, in their order.
Pairs ParsePairs(absl::string_view text);

// The pairs as a value of this type. A text that does not fit stays a text, for the validator to
// find.
Json ReadForm(const Type& type, const Pairs& pairs);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FORM_H_
