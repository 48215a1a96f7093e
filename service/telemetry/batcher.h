// Passes things to a thread of its own, which works on them in batches. Push never waits for that
// work: if there is no room, the thing is dropped and counted.
//
//   Batcher<std::string> lines({.capacity = 1000}, [](std::vector<std::string>& batch) { ... });
//   lines.Push(line);
//
// Thread-safety: may be used from any thread; the work is done on one. Lifetime: the destructor
// waits until everything is worked off.
#ifndef SERVICE_TELEMETRY_BATCHER_H_
#define SERVICE_TELEMETRY_BATCHER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "upstream/mutex.h"

namespace gateway {

struct BatcherOptions {
  // How many things may wait. As many again may be in the batch that is being worked on.
  size_t capacity = 8192;
  // How long the first thing of a batch waits for others, unless `capacity` is half full before.
  absl::Duration patience = absl::Milliseconds(100);
};

template <typename T>
class Batcher {
 public:
  using Options = BatcherOptions;
  using Work = std::function<void(std::vector<T>&)>;

  Batcher(const Options& options, Work work)
      : options_(options), work_(std::move(work)), thread_([this] { Run(); }) {}
  ~Batcher() {
    {
      const MutexLock lock(mutex_);
      stop_ = true;
    }
    news_.NotifyOne();
    thread_.join();
  }
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Returns false if there is no room.
  bool Push(T thing) {
    size_t waiting;
    {
      const MutexLock lock(mutex_);
      if (waiting_.size() >= options_.capacity) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
      waiting_.push_back(std::move(thing));
      ++pushed_;
      waiting = waiting_.size();
    }
    if (waiting == 1 || waiting == Half()) news_.NotifyOne();
    return true;
  }

  // Waits until all that was pushed before is worked off.
  void Flush() {
    const MutexLock lock(mutex_);
    const uint64_t pushed = pushed_;
    ++flushing_;
    news_.NotifyOne();
    while (worked_off_ < pushed) done_.Wait(mutex_);
    --flushing_;
  }

  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  size_t Half() const { return (options_.capacity + 1) / 2; }

  void Run() {
    std::vector<T> batch;
    const MutexLock lock(mutex_);
    while (true) {
      while (!stop_ && waiting_.empty()) news_.Wait(mutex_);
      const SteadyTime until = SteadyTime::Now() + options_.patience;
      while (!stop_ && flushing_ == 0 && waiting_.size() < Half() &&
             news_.WaitUntil(mutex_, until)) {
      }
      if (waiting_.empty()) return;
      batch.swap(waiting_);
      const size_t size = batch.size();
      {
        const MutexUnlock unlock(mutex_);
        work_(batch);
        batch.clear();
      }
      worked_off_ += size;
      done_.NotifyAll();
    }
  }

  const Options options_;
  const Work work_;
  std::atomic<uint64_t> dropped_{0};

  Mutex mutex_;
  CondVar news_;
  CondVar done_;
  std::vector<T> waiting_ ABSL_GUARDED_BY(mutex_);
  uint64_t pushed_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t worked_off_ ABSL_GUARDED_BY(mutex_) = 0;
  int flushing_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_BATCHER_H_
