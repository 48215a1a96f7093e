// A lock, and what waits under it, that clang checks: `make lint` fails where a member is used
// without the lock that guards it (-Wthread-safety). Members say ABSL_GUARDED_BY, functions that
// want the lock held ABSL_EXCLUSIVE_LOCKS_REQUIRED, functions that take it themselves and must not
// be called under it ABSL_LOCKS_EXCLUDED.
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
// It is a std::mutex and not an absl::Mutex: ThreadSanitizer does not see the locks of a
// distribution's Abseil, which is built without it. Not recursive.
#ifndef UPSTREAM_MUTEX_H_
#define UPSTREAM_MUTEX_H_

#include <chrono>
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

// ABSL_UNLOCK_FUNCTION would not do for MutexUnlock: what it lets go of, clang does not expect back.
#if ABSL_HAVE_ATTRIBUTE(release_capability)
#define GATEWAY_RELEASE(mutex) __attribute__((release_capability(mutex)))
#else
#define GATEWAY_RELEASE(mutex)
#endif

// Lets go of the mutex from here to the end of the block.
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

// Both waits may return although nobody has notified: wait in a loop that looks at the condition.
class CondVar {
 public:
  void NotifyOne() { changed_.notify_one(); }
  void NotifyAll() { changed_.notify_all(); }

  void Wait(Mutex& mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    changed_.wait(held);
    held.release();
  }

  // Returns false when the time has come:
  //   while (!stopping_ && changed_.WaitUntil(mutex_, deadline)) {
  //   }
  bool WaitUntil(Mutex& mutex, SteadyTime time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (time == SteadyTime::InfiniteFuture()) {
      Wait(mutex);
      return true;
    }
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    const std::chrono::steady_clock::time_point until(
        absl::ToChronoNanoseconds(time - SteadyTime::Epoch()));
    const std::cv_status status = changed_.wait_until(held, until);
    held.release();
    return status == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable changed_;
};

}  // namespace gateway

#endif  // UPSTREAM_MUTEX_H_
