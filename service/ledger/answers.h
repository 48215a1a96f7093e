// Calls the `done` of operations that have a result, on a thread of its own, in the order in which
// they were given. So the store's thread can go on with its next commit at once.
//
//   Answers answers;
//   answers.Give(std::move(operations));
//
// GiveHere calls them on the caller's thread if no earlier `done` is still to be called. This saves
// a switch of threads.
//
// Thread-safety: may be used from any thread. Lifetime: Finish, or the destructor, waits until
// every `done` was called, also of operations that were given meanwhile.
#ifndef SERVICE_LEDGER_ANSWERS_H_
#define SERVICE_LEDGER_ANSWERS_H_

#include <thread>
#include <vector>

#include "service/ledger/operation.h"
#include "upstream/mutex.h"

namespace gateway::ledger {

class Answers {
 public:
  Answers() : thread_([this] { Run(); }) {}
  ~Answers() { Finish(); }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  void Finish();

  // Leaves `operations` empty.
  void Give(std::vector<Operation>& operations);
  void Give(Operation operation);
  // As Give, but on this thread, unless an earlier `done` is still to be called.
  void GiveHere(std::vector<Operation>& operations);

 private:
  void Run();
  bool BeginCalling();

  Mutex mutex_;
  CondVar changed_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  bool calling_ ABSL_GUARDED_BY(mutex_) = false;  // a thread calls `done`, outside the lock
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ANSWERS_H_
