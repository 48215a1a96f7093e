// The calls whose message is not there yet. What they can take up is bounded:
//
// - A message that comes at once, as nearly all do, costs a lock twice.
// - One that is still not there after kSlow is slow. So many may be slow at a time, half of them of
//   one caller; beyond that the oldest are given up, first those of the caller who has the most.
// - After `time` each is given up, and no more than `most` are begun at a time.
//
//   if (!arrivals.Enter(call)) ... there are too many; else read the message, and then ...
//   if (arrivals.Leave(call)) ... go on with it; else it was given up, and is another's to end ...
//
// Thread-safety: may be used from any thread. Lifetime: must outlive its members.
#ifndef SERVICE_CALL_ARRIVALS_H_
#define SERVICE_CALL_ARRIVALS_H_

#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace gateway {

class Arrivals {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr std::chrono::milliseconds kSlow{50};

  struct Options {
    size_t most = 2048;     // calls
    size_t most_slow = 16;  // messages
    std::chrono::milliseconds time{10'000};
  };

  class Member {
   public:
    // Called at most once, when the member is out of the list: the call is to end. Its message may
    // come all the same.
    virtual void GiveUp() = 0;

   protected:
    ~Member() = default;

   private:
    friend class Arrivals;
    bool listed_ = false;
    size_t caller_ = 0;
    Clock::time_point entered_;
    Member* before_ = nullptr;
    Member* after_ = nullptr;
  };

  explicit Arrivals(const Options& options) : options_(options) {}

  // `caller`: calls of one caller have the same. False: there are too many, of all or of this one.
  bool Enter(Member& member, size_t caller, Clock::time_point now = Clock::now());

  // Whether it was still there. Either this is true, or GiveUp comes.
  bool Leave(Member& member);

  // Gives up those that are beyond the bounds. To be called often.
  void Sweep(Clock::time_point now = Clock::now());

  // Gives up all that are there.
  void GiveUpAll();

  size_t size() const;

 private:
  void Remove(Member& member);
  std::vector<Member*> SlowBeyondMost(Clock::time_point now) const;

  const Options options_;
  mutable std::mutex mutex_;
  // Guarded by mutex_. The list is in the order in which they came.
  Member* first_ = nullptr;
  Member* last_ = nullptr;
  size_t size_ = 0;
  absl::flat_hash_map<size_t, size_t> of_callers_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_ARRIVALS_H_
