// How the calls of one RPC ended and how long they took. For metrics.
//
// Thread-safety: may be used from any thread; numbers that are read while calls end may be of
// slightly different moments.
#ifndef SERVICE_TELEMETRY_CALL_STATS_H_
#define SERVICE_TELEMETRY_CALL_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/failure.h"

namespace gateway {

class CallStats {
 public:
  // How a call ended: well, or with the outcome of its failure.
  enum class End { kOk, kNotSent, kRefused, kUnknown };
  static constexpr size_t kEnds = 4;
  static constexpr size_t kCodes = 17;  // gRPC's status codes

  // Upper bounds, in seconds.
  static constexpr std::array<double, 17> kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                     0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                     1,      2.5,     5,      10,    30};

  static End EndOf(mapping::Outcome outcome);
  static absl::string_view Name(End end);

  void Count(absl::StatusCode code, End end, absl::Duration took);

  uint64_t calls(size_t code, End end) const {
    return calls_[code][static_cast<size_t>(end)].load(std::memory_order_relaxed);
  }
  // Calls that took longer than kBounds[i - 1] and at most kBounds[i]. The last bucket counts calls
  // beyond all bounds.
  uint64_t bucket(size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  absl::Duration total_time() const {
    return absl::Nanoseconds(nanoseconds_.load(std::memory_order_relaxed));
  }

 private:
  std::array<std::array<std::atomic<uint64_t>, kEnds>, kCodes> calls_{};
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> buckets_{};
  std::atomic<int64_t> nanoseconds_{0};
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_CALL_STATS_H_
