// The interface between the gateway and the wire. Tests replace it by a fake.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: a transport must outlive its calls; its destructor ends those still open with
// Error::kShutdown.
//
//   Transport::CallId id = transport.Send(std::move(request), [](Result result) { ... });
//   transport.Cancel(id);  // optional, any time
#ifndef UPSTREAM_HTTP_TRANSPORT_H_
#define UPSTREAM_HTTP_TRANSPORT_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "upstream/http/message.h"
#include "upstream/http/stats.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Transport {
 public:
  // Never 0 for a call that can be cancelled, so that 0 may stand for no call.
  using CallId = uint64_t;
  // Called exactly once for each Send, on a thread of the transport, possibly before Send returns.
  // It must not block.
  using Done = absl::AnyInvocable<void(Result)>;

  virtual ~Transport() = default;

  // Never blocks. The request must not change before `done` is called. After that it may be sent
  // again.
  virtual CallId Send(std::shared_ptr<const Request> request, Done done) = 0;

  CallId Send(Request request, Done done) {
    return Send(std::make_shared<const Request>(std::move(request)), std::move(done));
  }

  // Calls `done` with Error::kDeadline when the time has come; with kCancelled or kShutdown if that
  // comes first. Never blocks.
  virtual CallId Wait(SteadyTime until, Done done) = 0;

  // Ends the call's transfer, or its waiting; its `done` is called with Error::kCancelled unless it
  // was called already.
  virtual void Cancel(CallId id) = 0;

  virtual Stats Snapshot() const { return {}; }
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_TRANSPORT_H_
