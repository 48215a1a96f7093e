// The calls whose request message has not arrived yet. Bounds their number and their time:
//
// - Enter refuses a call if `most` calls wait already, or half of `most` from the same caller.
// - A call is slow if its message has not arrived after kSlow, and the connections have received
//   `slow_bytes` meanwhile. At most `most_slow` calls may be slow, and at most half as many of one
//   caller. Sweep gives up the slow calls beyond this limit: each time the oldest call of the
//   caller who has the most slow calls.
// - Sweep gives up each call after `time`.
//
// While few bytes arrive, the waiting calls hold little memory. So a gateway that is short of
// processor time gives up no call because of its own slowness.
//
// A call whose message arrives at once, as nearly all do, only locks a mutex twice.
//
//   if (!arrivals.Enter(call)) ... there are too many; else read the message, and then ...
//   if (arrivals.Leave(call)) ... go on with it; else it was given up, and GiveUp ends it ...
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the members in its list.
#ifndef SERVICE_CALL_ARRIVALS_H_
#define SERVICE_CALL_ARRIVALS_H_

#include <chrono>
#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "upstream/mutex.h"

namespace gateway {

class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kSlow{50};

  struct Options {
    size_t most = 2048;     // calls that wait
    size_t most_slow = 16;  // slow calls
    // Bytes on all connections together, because nobody knows for which call they are.
    int64_t slow_bytes = 0;
    std::chrono::milliseconds time{10'000};
  };

  class Member {
   public:
    // Must end the call. Called at most once, after the member has left the list. The message may
    // still arrive afterwards.
    virtual void GiveUp() = 0;

   protected:
    ~Member() = default;

   private:
    friend class Arrivals;
    bool listed_ = false;
    size_t caller_ = 0;
    Clock::time_point entered_;
    int64_t received_ = 0;  // in total, when it entered
    Member* before_ = nullptr;
    Member* after_ = nullptr;
  };

  explicit Arrivals(const Options& options) : options_(options) {}

  // Calls of one caller have the same `caller`. Returns false if too many calls wait already, in
  // total or of this caller.
  bool Enter(Member& member, size_t caller, Clock::time_point now = Clock::now());

  // Returns whether the member was still listed. If not, GiveUp has been or will be called.
  bool Leave(Member& member);

  // Gives up the calls that are beyond the bounds. Must be called often. `received`: how many bytes
  // the connections have received in total.
  void Sweep(int64_t received, Clock::time_point now = Clock::now());

  // Gives up all calls in the list.
  void GiveUpAll();

  size_t size() const;

 private:
  void Remove(Member& member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsSlow(const Member& member, Clock::time_point now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Member*> SlowBeyondMost(Clock::time_point now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  mutable Mutex mutex_;
  // The list is in order of arrival.
  Member* first_ ABSL_GUARDED_BY(mutex_) = nullptr;
  Member* last_ ABSL_GUARDED_BY(mutex_) = nullptr;
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t received_ ABSL_GUARDED_BY(mutex_) = 0;  // at the last Sweep
  absl::flat_hash_map<size_t, size_t> of_callers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_CALL_ARRIVALS_H_
