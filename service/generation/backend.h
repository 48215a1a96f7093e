// What the calls of one upstream go to, and how it is exchanged for another while calls are under
// way: each call keeps the backend that it began with.
//
// Thread-safety: a Backend is immutable, a BackendSlot may be used from any thread.
#ifndef SERVICE_GENERATION_BACKEND_H_
#define SERVICE_GENERATION_BACKEND_H_

#include <memory>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "upstream/client.h"

namespace gateway {

struct Backend {
  // Whoever puts a backend into a slot keeps the client until no call uses it: a client's end waits
  // for its threads, so the last to let go of it must not be one of them.
  std::shared_ptr<Client> client;
  // Of a call whose caller sets none.
  absl::Duration default_deadline;
};

class BackendSlot {
 public:
  explicit BackendSlot(Backend backend)
      : backend_(std::make_shared<const Backend>(std::move(backend))) {}

  std::shared_ptr<const Backend> Get() const {
    const std::lock_guard lock(mutex_);
    return backend_;
  }

  void Set(Backend backend) {
    auto fresh = std::make_shared<const Backend>(std::move(backend));
    const std::lock_guard lock(mutex_);
    backend_.swap(fresh);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Backend> backend_;  // guarded by mutex_
};

}  // namespace gateway

#endif  // SERVICE_GENERATION_BACKEND_H_
