// The calls whose request message has not arrived yet. Bounds what such calls can take up:
//
// - A message that arrives at once, as nearly all do, locks a mutex twice.
// - A call is slow if its message is not there after kSlow, and `slow_bytes` have been received
//   meanwhile. At most `most_slow` calls may be slow, and half of them may belong to one caller.
//   Beyond that, Sweep gives up the oldest, first those of the caller who has the most.
//   Without the bytes, waiting calls hold no memory: a gateway that is short of processor time
//   gives up no call because of its own slowness.
// - Sweep gives up each call after `time`. Enter refuses calls beyond `most`, and beyond half of
//   that for one caller.
//
//   if (!arrivals.Enter(call)) ... there are too many; else read the message, and then ...
//   if (arrivals.Leave(call)) ... go on with it; else it was given up, and GiveUp ends it ...
//
// Thread-safety: may be used from any thread. Lifetime: must outlive its members.
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
    size_t most = 2048;     // calls
    size_t most_slow = 16;  // messages
    // Bytes received on all connections together. Nobody knows which call they are for.
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
