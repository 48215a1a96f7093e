#include "service/ledger/answers.h"

#include <iterator>
#include <utility>

namespace gateway::ledger {

void Answers::Finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Answers::Call Answers::CallOf(Operation operation) {
  return [operation = std::move(operation)]() mutable {
    std::visit(
        [](auto& asked) {
          if (asked.done) asked.done(std::move(asked.result));
        },
        operation);
  };
}

void Answers::Post(std::vector<Call> calls) {
  if (calls.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.insert(queue_.end(), std::make_move_iterator(calls.begin()),
                  std::make_move_iterator(calls.end()));
  }
  changed_.notify_one();
}

void Answers::Give(Operation operation) {
  std::vector<Call> calls;
  calls.push_back(CallOf(std::move(operation)));
  Post(std::move(calls));
}

void Answers::Give(std::vector<Operation> operations) {
  std::vector<Call> calls;
  calls.reserve(operations.size());
  for (Operation& operation : operations) calls.push_back(CallOf(std::move(operation)));
  Post(std::move(calls));
}

void Answers::Run() {
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

}  // namespace gateway::ledger
