#include "service/events/callbacks.h"

#include <iterator>

namespace gateway::events {

void Callbacks::Finish() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void Callbacks::Post(std::vector<Call> calls) {
  if (calls.empty()) return;
  {
    const MutexLock lock(mutex_);
    queue_.insert(queue_.end(), std::make_move_iterator(calls.begin()),
                  std::make_move_iterator(calls.end()));
  }
  changed_.NotifyOne();
}

void Callbacks::Run() {
  std::vector<Call> calls;
  while (true) {
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && queue_.empty()) changed_.Wait(mutex_);
      if (queue_.empty()) return;
      calls.swap(queue_);
    }
    for (Call& call : calls) call();
    calls.clear();
  }
}

}  // namespace gateway::events
