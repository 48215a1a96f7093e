// Calls the `done` of operations that are answered, on a thread of its own, in the order in which
// they come: the store's thread goes on to its next commit meanwhile.
//
//   Answers answers;
//   answers.Give(std::move(operations));
//
// If no earlier one is still to be called, GiveHere calls them on the caller's thread, which saves
// a switch of threads.
//
// Thread-safety: may be used from any thread. Lifetime: Finish, or the destructor, waits until
// everything is called, also what these calls have given.
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
  // As Give. On this thread, unless earlier ones are still to be called.
  void GiveHere(std::vector<Operation>& operations);

 private:
  void Run();
  bool BeginCalling();

  Mutex mutex_;
  CondVar changed_;
  std::vector<Operation> queue_ ABSL_GUARDED_BY(mutex_);
  bool calling_ ABSL_GUARDED_BY(mutex_) = false;  // somebody calls, outside the lock
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ANSWERS_H_
