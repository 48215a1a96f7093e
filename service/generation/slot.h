// A value that is exchanged for another while many threads use it. Whoever takes it keeps the one
// that was in force then, for as long as they like.
//
//   Slot<Generation> in_force(first);
//   const std::shared_ptr<const Generation> mine = in_force.Get();  // a call: once, at its
//   beginning in_force.Set(next);  // `mine` is as before
//
// Thread-safety: Get and Set may be called from any thread. Reap may be called from any thread that
// no value waits for in its destructor.
// Lifetime: a value that is exchanged is kept until Reap finds that nobody else has it. So its
// destructor runs in Reap or in the slot's own destructor, and never on a thread that used it.
#ifndef SERVICE_GENERATION_SLOT_H_
#define SERVICE_GENERATION_SLOT_H_

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gateway {

template <typename T>
class Slot {
 public:
  explicit Slot(std::shared_ptr<const T> first = nullptr) : value_(std::move(first)) {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  // Null where there has been no value yet.
  std::shared_ptr<const T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }

  // Every Get from now on returns `next`.
  void Set(std::shared_ptr<const T> next) {
    const std::lock_guard lock(mutex_);
    value_.swap(next);
    if (next != nullptr) replaced_.push_back(std::move(next));
  }

  // Destroys the replaced values that nobody uses any more.
  void Reap() {
    std::vector<std::shared_ptr<const T>> unused;  // destroyed without the lock
    const std::lock_guard lock(mutex_);
    std::erase_if(replaced_, [&unused](std::shared_ptr<const T>& value) {
      // Nobody can take another copy: the value is not in the slot.
      if (value.use_count() != 1) return false;
      unused.push_back(std::move(value));
      return true;
    });
  }

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<const T> value_;
  std::vector<std::shared_ptr<const T>> replaced_;
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_SLOT_H_
