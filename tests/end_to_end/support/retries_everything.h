// The service config of a client that retries nearly every failed call, unless the gateway forbids
// it.
#ifndef TESTS_END_TO_END_SUPPORT_RETRIES_EVERYTHING_H_
#define TESTS_END_TO_END_SUPPORT_RETRIES_EVERYTHING_H_

namespace gateway::end_to_end {

inline constexpr char kRetriesEverything[] = R"({"methodConfig": [{"name": [{}], "retryPolicy": {
    "maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.01s", "backoffMultiplier": 1,
    "retryableStatusCodes": ["UNAVAILABLE", "UNKNOWN", "INTERNAL", "INVALID_ARGUMENT", "ABORTED",
        "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED", "NOT_FOUND", "UNIMPLEMENTED",
        "PERMISSION_DENIED", "UNAUTHENTICATED"]}}]})";

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_RETRIES_EVERYTHING_H_
