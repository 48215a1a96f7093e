#include "service/events/callbacks.h"

#include <iterator>

namespace gateway::events {

void Callbacks::Finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Callbacks::Post(std::vector<Call> calls) {
  if (calls.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.insert(queue_.end(), std::make_move_iterator(calls.begin()),
                  std::make_move_iterator(calls.end()));
  }
  changed_.notify_one();
}

void Callbacks::Run() {
  std::vector<Call> calls;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      calls.swap(queue_);
    }
    for (Call& call : calls) call();
    calls.clear();
  }
}

}  // namespace gateway::events
