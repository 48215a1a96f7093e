#include "upstream/http/connector_threads.h"

#include <utility>

#include "upstream/http/block_signals.h"

namespace gateway::http {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

ConnectorThreads::ConnectorThreads(int max_threads, std::function<bool()> work)
    : max_threads_(max_threads), work_(std::move(work)) {}

ConnectorThreads::~ConnectorThreads() { Stop(); }

void ConnectorThreads::Wake() {
  const MutexLock lock(mutex_);
  if (stopped_) return;
  ++wanted_;
  if (wanted_ <= waiting_) {
    changed_.NotifyOne();
  } else if (static_cast<int>(threads_.size()) < max_threads_) {
    const Threads::iterator self = threads_.emplace(threads_.end());
    *self = std::thread([this, self] { Run(self); });
  }
  // Otherwise a busy thread looks for more work when it is done.
}

void ConnectorThreads::Run(Threads::iterator self) {
  BlockSignals();
  while (Await(self)) {
    while (work_()) {
    }
  }
}

// Returns true when there may be work, false if the thread must end. A thread that has waited in
// vain is moved to ended_ under the lock, so that a later Wake does not count on it.
bool ConnectorThreads::Await(Threads::iterator self) {
  Threads before;
  {
    const MutexLock lock(mutex_);
    ++waiting_;
    const SteadyTime until = SteadyTime::Now() + kPatience;
    while (wanted_ == 0 && !stopped_ && changed_.WaitUntil(mutex_, until)) {
    }
    --waiting_;
    if (stopped_) return false;  // Stop joins the threads
    if (wanted_ > 0) {
      --wanted_;
      return true;
    }
    before.swap(ended_);
    ended_.splice(ended_.end(), threads_, self);
  }
  Join(std::move(before));
  return false;
}

void ConnectorThreads::Stop() {
  Threads all;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
    all.swap(threads_);
    all.splice(all.end(), ended_);
  }
  Join(std::move(all));
}

void ConnectorThreads::Join(Threads threads) {
  for (std::thread& thread : threads) thread.join();
}

}  // namespace gateway::http
