#include "service/telemetry/call_stats.h"

#include <algorithm>

namespace gateway {

CallStats::End CallStats::EndOf(mapping::Outcome outcome) {
  switch (outcome) {
    case mapping::Outcome::kNotSent:
      return End::kNotSent;
    case mapping::Outcome::kRefused:
      return End::kRefused;
    case mapping::Outcome::kUnknown:
      return End::kUnknown;
  }
  return End::kUnknown;
}

absl::string_view CallStats::Name(End end) {
  constexpr absl::string_view kNames[kEnds] = {"ok", "not_sent", "refused", "unknown"};
  return kNames[static_cast<size_t>(end)];
}

void CallStats::Count(absl::StatusCode code, End end, absl::Duration took) {
  const size_t row = std::min(static_cast<size_t>(code), kCodes - 1);
  calls_[row][static_cast<size_t>(end)].fetch_add(1, std::memory_order_relaxed);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), absl::ToDoubleSeconds(took));
  buckets_[static_cast<size_t>(bound - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  nanoseconds_.fetch_add(absl::ToInt64Nanoseconds(took), std::memory_order_relaxed);
}

}  // namespace gateway
