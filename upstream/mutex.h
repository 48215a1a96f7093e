// A mutex, its scoped locks and a condition variable, which clang checks: `make lint` fails where a
// member is used without the mutex that guards it (-Wthread-safety). Mark a guarded member with
// ABSL_GUARDED_BY, a function whose caller must hold the mutex with ABSL_EXCLUSIVE_LOCKS_REQUIRED,
// and a function that locks the mutex itself with ABSL_LOCKS_EXCLUDED.
//
//   class Counter {
//    public:
//     void Add() {
//       const MutexLock lock(mutex_);
//       ++count_;
//       changed_.NotifyAll();
//     }
//     void AwaitAny() {
//       const MutexLock lock(mutex_);
//       while (count_ == 0) changed_.Wait(mutex_);
//     }
//
//    private:
//     Mutex mutex_;
//     CondVar changed_;
//     int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
//   };
//
// Mutex uses std::mutex and not absl::Mutex: a distribution builds its Abseil without
// ThreadSanitizer, which then does not see the locks of absl::Mutex. Mutex is not recursive.
#ifndef UPSTREAM_MUTEX_H_
#define UPSTREAM_MUTEX_H_

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "absl/base/attributes.h"
#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mutex_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds the mutex from here to the end of the block.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// The constructor of MutexUnlock needs this attribute: with ABSL_UNLOCK_FUNCTION, clang would not
// expect the destructor to lock the mutex again.
#if ABSL_HAVE_ATTRIBUTE(release_capability)
#define GATEWAY_RELEASE(mutex) __attribute__((release_capability(mutex)))
#else
#define GATEWAY_RELEASE(mutex)
#endif

// Unlocks the mutex here, and locks it again at the end of the block.
class ABSL_SCOPED_LOCKABLE MutexUnlock {
 public:
  explicit MutexUnlock(Mutex& mutex) GATEWAY_RELEASE(mutex) : mutex_(mutex) { mutex_.Unlock(); }
  ~MutexUnlock() ABSL_UNLOCK_FUNCTION() { mutex_.Lock(); }
  MutexUnlock(const MutexUnlock&) = delete;
  MutexUnlock& operator=(const MutexUnlock&) = delete;

 private:
  Mutex& mutex_;
};

#undef GATEWAY_RELEASE

// Both waits may return without a notification: call them in a loop that checks the condition.
class CondVar {
 public:
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

  void Wait(Mutex& mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    changed_.wait(held);
    held.release();
  }

  // Returns false once `time` has come:
  //   while (!stopping_ && changed_.WaitUntil(mutex_, deadline)) {
  //   }
  bool WaitUntil(Mutex& mutex, SteadyTime time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (time == SteadyTime::InfiniteFuture()) {
      Wait(mutex);
      return true;
    }
    // The system can wait only on a clock that stands still while the machine is suspended. So the
    // wait may end late, and SteadyTime decides whether the time has come.
    constexpr absl::Duration kLongest = absl::Hours(24);  // longer ones could overflow
    const absl::Duration left =
        std::clamp(time - SteadyTime::Now(), absl::ZeroDuration(), kLongest);
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    changed_.wait_for(held, absl::ToChronoNanoseconds(left));
    held.release();
    return SteadyTime::Now() < time;
  }

 private:
  std::condition_variable changed_;
};

}  // namespace gateway

#endif  // UPSTREAM_MUTEX_H_
