// An upstream call that may be stopped at any time, even before Client::Send has returned its
// handle. The call may also be over before Send returns.
//
//   auto begun = std::make_shared<BegunCall>();
//   begun->Began(client.Send(call, terms, done));  // the call's own thread
//   begun->Over();                                 // the thread that got the answer
//   begun->Stop();                                 // any thread, at any time
//
// Thread-safety: may be used from any thread. Lifetime: shared by the three users above. After
// Over, when the client may be gone, Stop cancels nothing, and only makes stopped() true.
#ifndef UPSTREAM_BEGUN_CALL_H_
#define UPSTREAM_BEGUN_CALL_H_

#include <utility>

#include "upstream/client.h"
#include "upstream/mutex.h"

namespace gateway {

class BegunCall {
 public:
  void Began(Client::Handle handle) {
    const MutexLock lock(mutex_);
    if (over_) return;
    handle_ = std::move(handle);
    if (stopped_) handle_.Cancel();
  }

  void Over() {
    const MutexLock lock(mutex_);
    over_ = true;
    handle_ = Client::Handle();
  }

  void Stop() {
    const MutexLock lock(mutex_);
    stopped_ = true;
    handle_.Cancel();
  }

  bool stopped() const {
    const MutexLock lock(mutex_);
    return stopped_;
  }

 private:
  mutable Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
  Client::Handle handle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace gateway

#endif  // UPSTREAM_BEGUN_CALL_H_
