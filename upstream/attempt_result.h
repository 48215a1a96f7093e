// How one attempt ended, in the few classes by which attempts are counted.
#ifndef UPSTREAM_ATTEMPT_RESULT_H_
#define UPSTREAM_ATTEMPT_RESULT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"

namespace gateway {

// Classes of HTTP status, 1xx to 5xx, and kinds of transport errors.
inline constexpr size_t kStatusClasses = 5;
inline constexpr size_t kAttemptResults =
    kStatusClasses + static_cast<size_t>(http::Error::Kind::kInvalid) + 1;

// Returns an index below kAttemptResults.
size_t AttemptResultOf(const http::Result& result);

// "2xx", or the transport error's own name: "connect".
absl::string_view AttemptResultName(size_t attempt_result);

using AttemptCounts = std::array<std::atomic<uint64_t>, kAttemptResults>;

}  // namespace gateway

#endif  // UPSTREAM_ATTEMPT_RESULT_H_
