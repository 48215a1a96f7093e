#include "upstream/http/connector_threads.h"

#include <utility>

#include "upstream/http/block_signals.h"

namespace gateway::http {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

ConnectorThreads::ConnectorThreads(int max_threads, std::function<bool()> work,
                                   ThreadMaker make_thread)
    : max_threads_(max_threads), work_(std::move(work)), make_thread_(std::move(make_thread)) {}

ConnectorThreads::~ConnectorThreads() { Stop(); }

bool ConnectorThreads::Wake() {
  const MutexLock lock(mutex_);
  if (stopped_) return true;
  ++wanted_;
  if (wanted_ <= waiting_) {
    changed_.NotifyOne();
    return true;
  }
  if (static_cast<int>(threads_.size()) < max_threads_ && AddThread()) return true;
  // A busy thread looks for more work when it is done.
  if (!threads_.empty()) return true;
  --wanted_;
  return false;
}

// Returns false, and changes nothing, if the system refuses a thread.
bool ConnectorThreads::AddThread() {
  const Threads::iterator self = threads_.emplace(threads_.end());
  absl::StatusOr<std::thread> thread = StartThread([this, self] { Run(self); }, make_thread_);
  if (!thread.ok()) {
    threads_.erase(self);
    return false;
  }
  *self = *std::move(thread);
  return true;
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
  for (std::thread& thread : threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace gateway::http
