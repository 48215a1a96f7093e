// An upstream call that may be stopped at any time, even before Client::Send has returned its
// handle. The call may also be over before Send returns.
//
//   auto begun = std::make_shared<BegunCall>();
//   begun->Began(client.Send(call, terms, done));  // the call's own thread
//   begun->Over();                                 // whoever got the answer
//   begun->Stop();                                 // any thread, at any time
//
// Thread-safety: may be used from any thread. Lifetime: shared by these three. Stop does nothing
// after Over, when the client may be gone.
#ifndef UPSTREAM_BEGUN_CALL_H_
#define UPSTREAM_BEGUN_CALL_H_

#include <mutex>
#include <utility>

#include "upstream/client.h"

namespace gateway {

class BegunCall {
 public:
  void Began(Client::Handle handle) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    handle_ = std::move(handle);
    if (stopped_) handle_.Cancel();
  }

  void Over() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    handle_ = Client::Handle();
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    handle_.Cancel();
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  bool stopped_ = false;
  bool over_ = false;
  Client::Handle handle_;
};

}  // namespace gateway

#endif  // UPSTREAM_BEGUN_CALL_H_
