// How much a consumer still lets the gateway hand out on a stream: a number of events, and a number
// of bytes if the consumer limits bytes too.
//
//   PullCredits credits;
//   if (auto problem = credits.Begin(10, nullopt)) ... problem->field is wrong ...
//   while (credits.any()) ... hand out at most credits.events() and credits.BytesUpTo(most) ...
//   credits.Spend(3, 1200);
//
// Thread-safety: none.
#ifndef SERVICE_CALL_EVENTS_PULL_CREDITS_H_
#define SERVICE_CALL_EVENTS_PULL_CREDITS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gateway {

class PullCredits {
 public:
  static constexpr int64_t kMostEvents = 1'000'000;
  static constexpr int64_t kMostBytes = int64_t{1} << 40;

  struct Problem {
    const char* field;  // of StreamingPullRequest
    const char* description;
  };

  // Adds the credits of the first message. If `bytes` is nullopt, bytes are never counted.
  std::optional<Problem> Begin(int64_t events, std::optional<int64_t> bytes) {
    counts_bytes_ = bytes.has_value();
    return Add(events, bytes);
  }

  std::optional<Problem> Add(int64_t events, std::optional<int64_t> bytes) {
    if (events < 0 || events > kMostEvents - events_) {
      return Problem{"add_events", "must be 0 or more, and at most 1000000 with what is left"};
    }
    if (bytes && !counts_bytes_) {
      return Problem{"add_bytes", "the first message has none, so bytes are not counted"};
    }
    if (bytes && (*bytes < 0 || *bytes > kMostBytes - std::max<int64_t>(bytes_, 0))) {
      return Problem{"add_bytes", "must be 0 or more, and at most 2^40 with what is left"};
    }
    events_ += events;
    bytes_ += bytes.value_or(0);
    return std::nullopt;
  }

  bool any() const { return events_ > 0 && (!counts_bytes_ || bytes_ > 0); }
  int64_t events() const { return events_; }
  // Below 0 if the last event was larger than what was left.
  int64_t bytes() const { return bytes_; }
  // Returns the bytes that may be handed out, at most `most`. Only if any().
  size_t BytesUpTo(size_t most) const {
    return counts_bytes_ ? std::min(most, static_cast<size_t>(bytes_)) : most;
  }

  void Spend(size_t events, size_t bytes) {
    events_ -= static_cast<int64_t>(events);
    if (counts_bytes_) bytes_ -= static_cast<int64_t>(bytes);
  }

 private:
  int64_t events_ = 0;
  int64_t bytes_ = 0;
  bool counts_bytes_ = false;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_PULL_CREDITS_H_
