// Holds threads until it is opened: how a test stalls the upstream.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive those who wait in it.
//
//   sandbox.OnRequest([&](const auto&) { gate.Pass(); return std::nullopt; });
//   ASSERT_TRUE(gate.AwaitHeld(1));
//   gate.Open();
#ifndef TESTS_END_TO_END_SUPPORT_GATE_H_
#define TESTS_END_TO_END_SUPPORT_GATE_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace gateway::end_to_end {

class Gate {
 public:
  ~Gate() { Open(); }

  void Pass() {
    const absl::MutexLock lock(&mutex_);
    ++held_;
    mutex_.Await(absl::Condition(&open_));
  }

  // Open from here on.
  void Open() {
    const absl::MutexLock lock(&mutex_);
    open_ = true;
  }

  // False when it did not come to that in 30 seconds.
  bool AwaitHeld(int count) {
    const absl::MutexLock lock(&mutex_);
    const auto reached = [this, count]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return held_ >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(30));
  }

 private:
  absl::Mutex mutex_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  int held_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_GATE_H_
