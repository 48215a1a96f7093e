// Limits log lines that strangers can cause. For each key, one event passes in each `pause`; the
// other events of the key are counted.
//
//   LogThrottle throttle(absl::Seconds(1));
//   if (const std::optional<uint64_t> left_out = throttle.Pass("signature", absl::Now())) ...
//
// Thread-safety: may be used from any thread. Keys are never forgotten: they must come from a
// table, not from outside.
#ifndef SERVICE_LOG_LOG_THROTTLE_H_
#define SERVICE_LOG_LOG_THROTTLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"

namespace gateway {

class LogThrottle {
 public:
  explicit LogThrottle(absl::Duration pause) : pause_(pause) {}

  // Returns how many events of this key were left out since the last that passed, or nullopt if
  // this one is left out too.
  std::optional<uint64_t> Pass(const std::string& key, absl::Time now) {
    const MutexLock lock(mutex_);
    Entry& entry = entries_[key];
    if (now - entry.passed < pause_) {
      ++entry.left_out;
      return std::nullopt;
    }
    entry.passed = now;
    return std::exchange(entry.left_out, 0);
  }

 private:
  struct Entry {
    absl::Time passed = absl::InfinitePast();
    uint64_t left_out = 0;
  };

  const absl::Duration pause_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_LOG_LOG_THROTTLE_H_
