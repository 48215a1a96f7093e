// Calls callbacks on a thread of its own, in the order in which they were posted. So the log's
// thread can go on with its next commit at once.
//
// Thread-safety: may be used from any thread. Lifetime: Finish, or the destructor, waits until
// every callback was called, also those that callbacks have posted meanwhile.
#ifndef SERVICE_EVENTS_CALLBACKS_H_
#define SERVICE_EVENTS_CALLBACKS_H_

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "upstream/mutex.h"

namespace gateway::events {

class Callbacks {
 public:
  using Call = absl::AnyInvocable<void()>;

  Callbacks() : thread_([this] { Run(); }) {}
  ~Callbacks() { Finish(); }
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  void Finish();
  void Post(std::vector<Call> calls);

 private:
  void Run();

  Mutex mutex_;
  CondVar changed_;
  std::vector<Call> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_CALLBACKS_H_
