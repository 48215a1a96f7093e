// Holds a value that may be replaced while many threads use it. A thread that takes the value can
// keep it for as long as it likes.
//
//   Slot<Generation> in_force(first);
//   const auto mine = in_force.Get();  // a call takes it once, when it begins
//   in_force.Set(next);                // `mine` stays the same
//
// Thread-safety: Get and Set may be called from any thread. Reap must not be called from a thread
// that a value's destructor waits for. Lifetime: a replaced value is kept until Reap finds that
// nobody else holds it. So its destructor runs in Reap or in the slot's own destructor, and never
// on a thread that used it.
#ifndef SERVICE_GENERATION_SLOT_H_
#define SERVICE_GENERATION_SLOT_H_

#include <memory>
#include <utility>
#include <vector>

#include "upstream/mutex.h"

namespace gateway {

template <typename T>
class Slot {
 public:
  explicit Slot(std::shared_ptr<const T> first = nullptr) : value_(std::move(first)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // Null if there has been no value yet.
  std::shared_ptr<const T> Get() const {
    const MutexLock lock(mutex_);
    return value_;
  }

  // Every Get from now on returns `next`.
  void Set(std::shared_ptr<const T> next) {
    const MutexLock lock(mutex_);
    value_.swap(next);
    if (next != nullptr) replaced_.push_back(std::move(next));
  }

  // Destroys the replaced values that nobody uses any more.
  void Reap() {
    std::vector<std::shared_ptr<const T>> unused;  // destroyed without the lock
    const MutexLock lock(mutex_);
    std::erase_if(replaced_, [&unused](std::shared_ptr<const T>& value) {
      // The value is no longer in the slot, so nobody can take another copy.
      if (value.use_count() != 1) return false;
      unused.push_back(std::move(value));
      return true;
    });
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const T>> replaced_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_SLOT_H_
