// The classes by which ended attempts are counted: by HTTP status, or by kind of transport error.
#ifndef UPSTREAM_ATTEMPT_RESULT_H_
#define UPSTREAM_ATTEMPT_RESULT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "upstream/http/message.h"

namespace gateway {

// kStatusClasses counts the classes of HTTP status, 1xx to 5xx. kAttemptResults also counts the
// kinds of transport errors.
inline constexpr size_t kStatusClasses = 5;
inline constexpr size_t kAttemptResults =
    kStatusClasses + static_cast<size_t>(http::Error::Kind::kInvalid) + 1;

// Returns an index below kAttemptResults.
size_t AttemptResultOf(const http::Result& result);

// Returns the class of HTTP status, such as "2xx", or the name of the transport error, such as
// "connect".
absl::string_view AttemptResultName(size_t attempt_result);

using AttemptCounts = std::array<std::atomic<uint64_t>, kAttemptResults>;

}  // namespace gateway

#endif  // UPSTREAM_ATTEMPT_RESULT_H_
