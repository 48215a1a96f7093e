// Requests that a provider's sandbox is likely to accept: values that the contract allows, about
// records that the sandbox has.
//
// Pure and deterministic, like upstream/sandbox/example.h. Thread-safety: one thread.
#ifndef TESTS_END_TO_END_SUPPORT_REQUESTS_ABOUT_H_
#define TESTS_END_TO_END_SUPPORT_REQUESTS_ABOUT_H_

#include <string>
#include <vector>

#include "tests/end_to_end/support/rpc.h"

namespace gateway::end_to_end {

// Returns serialized requests of the RPC about the first few records that its path can name. Each
// record gets two: with all fields, and with the required ones only. `store` holds the sandbox's
// records, as Handler::Export shows them.
std::vector<std::string> RequestsAbout(const Json& store, const Rpc& rpc);

// Whether one of the sandbox's records has this id.
bool HasRecord(const Json& store, const std::string& id);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_REQUESTS_ABOUT_H_
