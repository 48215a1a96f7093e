// Calls callbacks on a thread of its own, in the order in which they come: the store's thread goes
// on to its next commit meanwhile.
//
//   Answers answers;
//   answers.Give(std::move(operation));  // calls its `done` with its result
//
// Thread-safety: may be used from any thread. Lifetime: Finish, or the destructor, waits until
// everything is called, also what these calls have given.
#ifndef SERVICE_LEDGER_ANSWERS_H_
#define SERVICE_LEDGER_ANSWERS_H_

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "service/ledger/operation.h"

namespace gateway::ledger {

class Answers {
 public:
  using Call = absl::AnyInvocable<void()>;

  Answers() : thread_([this] { Run(); }) {}
  ~Answers() { Finish(); }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  void Finish();

  void Post(std::vector<Call> calls);
  void Give(Operation operation);
  void Give(std::vector<Operation> operations);

  // The call that gives an operation's result to whoever asked.
  static Call CallOf(Operation operation);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Call> queue_;
  bool stopping_ = false;

  std::thread thread_;  // last
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_ANSWERS_H_
