// A value shared by the threads of a test: a lock around it, and a wait until it satisfies a
// condition.
//
// Thread-safety: all methods may be called from any thread. It uses std::mutex because
// ThreadSanitizer does not recognize the locks in a distribution's build of Abseil.
//
//   Guarded<int> count;
//   count.With([](int& value) { ++value; });
//   EXPECT_TRUE(count.WaitUntil([](int value) { return value == 2; }));
#ifndef TESTS_UPSTREAM_HTTP_GUARDED_H_
#define TESTS_UPSTREAM_HTTP_GUARDED_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace gateway::http {

template <typename T>
class Guarded {
 public:
  // Returns the result of `action`, which must not refer to the value.
  template <typename Action>
  auto With(Action action) {
    std::lock_guard lock(mutex_);
    // Notify while the lock is held: a thread that wakes up may destroy this object.
    struct Notifier {
      std::condition_variable& changed;
      ~Notifier() { changed.notify_all(); }
    } notifier{changed_};
    return action(value_);
  }

  template <typename Action>
  auto Read(Action action) const {
    std::lock_guard lock(mutex_);
    return action(value_);
  }

  // Returns false if the condition did not hold in time.
  template <typename Condition>
  bool WaitUntil(Condition condition,
                 std::chrono::milliseconds patience = std::chrono::seconds(10)) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return condition(value_); });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T value_{};
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_GUARDED_H_
