// Calls the `done` of operations that are answered, on a thread of its own, in the order in which
// they come: the store's thread goes on to its next commit meanwhile.
//
//   Answers answers;
//   answers.Give(std::move(operations));
//
// Where nothing else is to be done, GiveHere calls them on the caller's thread and saves the change
// of threads.
//
// Thread-safety: may be used from any thread. Lifetime: Finish, or the destructor, waits until
// everything is called, also what these calls have given.
#ifndef SERVICE_LEDGER_ANSWERS_H_
#define SERVICE_LEDGER_ANSWERS_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "service/ledger/operation.h"

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

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Operation> queue_;
  bool calling_ = false;  // somebody calls, outside the lock
  bool stopping_ = false;

  std::thread thread_;  // last
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ANSWERS_H_
