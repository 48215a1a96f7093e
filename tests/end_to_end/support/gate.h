// Holds threads until it is opened; tests use it to stall the upstream.
//
// Thread-safety: may be used from any thread. Lifetime: must outlive the threads that wait in it.
//
//   sandbox.OnRequest([&](const auto&) { gate.Pass(); return std::nullopt; });
//   ASSERT_TRUE(gate.AwaitHeld(1));
//   gate.Open();
#ifndef TESTS_END_TO_END_SUPPORT_GATE_H_
#define TESTS_END_TO_END_SUPPORT_GATE_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace gateway::end_to_end {

class Gate {
 public:
  void Pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    ++held_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }

  // The gate stays open from here on.
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  // Returns false if fewer than `count` threads were held within 30 seconds.
  bool AwaitHeld(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return held_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool open_ = false;
  int held_ = 0;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_GATE_H_
