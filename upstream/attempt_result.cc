#include "upstream/attempt_result.h"

#include <algorithm>

namespace gateway {
namespace {

constexpr absl::string_view kClassNames[kStatusClasses] = {"1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace

size_t AttemptResultOf(const http::Result& result) {
  if (const auto* error = std::get_if<http::Error>(&result)) {
    return kStatusClasses + static_cast<size_t>(error->kind);
  }
  const int status = std::get<http::Response>(result).status;
  return static_cast<size_t>(std::clamp(status / 100, 1, 5) - 1);
}

absl::string_view AttemptResultName(size_t attempt_result) {
  if (attempt_result < kStatusClasses) return kClassNames[attempt_result];
  return http::Name(static_cast<http::Error::Kind>(attempt_result - kStatusClasses));
}

}  // namespace gateway
