#include "service/ledger/answers.h"

#include <iterator>
#include <utility>

namespace gateway::ledger {
namespace {

void CallAll(std::vector<Operation>& operations) {
  for (Operation& operation : operations) {
    std::visit(
        [](auto& asked) {
          if (asked.done) asked.done(std::move(asked.result));
        },
        operation);
  }
  operations.clear();
}

}  // namespace

void Answers::Finish() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void Answers::Give(std::vector<Operation>& operations) {
  if (operations.empty()) return;
  {
    const MutexLock lock(mutex_);
    if (queue_.empty()) {
      queue_.swap(operations);
    } else {
      queue_.insert(queue_.end(), std::make_move_iterator(operations.begin()),
                    std::make_move_iterator(operations.end()));
    }
  }
  operations.clear();
  changed_.NotifyOne();
}

void Answers::Give(Operation operation) {
  std::vector<Operation> one;
  one.push_back(std::move(operation));
  Give(one);
}

void Answers::GiveHere(std::vector<Operation>& operations) {
  if (operations.empty()) return;
  if (!BeginCalling()) return Give(operations);
  CallAll(operations);
  bool more;
  {
    const MutexLock lock(mutex_);
    calling_ = false;
    more = stopping_ || !queue_.empty();
  }
  if (more) changed_.NotifyOne();
}

bool Answers::BeginCalling() {
  const MutexLock lock(mutex_);
  if (calling_ || !queue_.empty()) return false;
  calling_ = true;
  return true;
}

void Answers::Run() {
  std::vector<Operation> operations;
  const MutexLock lock(mutex_);
  while (true) {
    while (calling_ || (!stopping_ && queue_.empty())) changed_.Wait(mutex_);
    if (queue_.empty()) return;
    operations.swap(queue_);
    calling_ = true;
    {
      const MutexUnlock unlock(mutex_);
      CallAll(operations);
    }
    calling_ = false;
  }
}

}  // namespace gateway::ledger
