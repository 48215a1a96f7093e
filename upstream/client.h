// The one door into upstream/: a call in protobuf bytes goes in, a reply in protobuf bytes or a
// Failure comes out. It has two halves, so that whoever calls can look at the request, its store
// for example, before anything is sent:
//
//   Prepare: message -> REST request, or everything that is wrong with it
//   Send:    PendingCall (gate -> Transport -> ReadReply, perhaps again) -> done
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the client must outlive its calls; routes must outlive the client. Its destructor ends
// calls that are open.
#ifndef UPSTREAM_CLIENT_H_
#define UPSTREAM_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/attempt_observer.h"
#include "upstream/http/transport.h"
#include "upstream/mapping/request/request_writer.h"
#include "upstream/mapping/route.h"
#include "upstream/pending_call.h"
#include "upstream/upstream.h"

namespace gateway {

class Client {
 public:
  using Options = UpstreamOptions;
  // Called one time, possibly before Call returns, on a thread that must not be blocked.
  using Done = PendingCall::Done;

  // A caller's handle on its call. It may outlive the call, but not the client.
  class Handle {
   public:
    Handle() = default;
    explicit Handle(std::shared_ptr<PendingCall> call) : call_(std::move(call)) {}

    // Ends what is under way; the call fails with CANCELLED unless it is over.
    void Cancel() {
      if (call_ != nullptr) call_->Cancel();
    }

   private:
    std::shared_ptr<PendingCall> call_;
  };

  // INVALID_ARGUMENT if the text is no base URL.
  static absl::Status CheckBaseUrl(absl::string_view base_url);

  // Errors as above.
  static absl::StatusOr<std::unique_ptr<Client>> Create(
      Options options, std::unique_ptr<http::Transport> transport,
      std::shared_ptr<UpstreamCounters> counters = std::make_shared<UpstreamCounters>());

  // `message` is a serialized request of the route; it is not kept. Changes nothing and sends
  // nothing. A Failure has outcome kNotSent.
  std::variant<PreparedCall, mapping::Failure> Prepare(const mapping::Route& route,
                                                       absl::string_view message,
                                                       const CallTerms& terms) const;

  // The verb and URL that Prepare makes of this message, "POST https://api.paynow.gg/v1/...",
  // without what is never shown. "" for a message that Prepare refuses.
  std::string Shown(const mapping::Route& route, absl::string_view message,
                    const CallTerms& terms) const;

  // `terms` must be those that the call was prepared with.
  Handle Send(PreparedCall call, const CallTerms& terms, Done done);

  // Prepare and Send, for callers that have nothing to do in between.
  Handle Call(const mapping::Route& route, absl::string_view message, const CallTerms& terms,
              Done done);

  // The host that answers: "api.paynow.gg".
  const std::string& host() const { return host_; }

  const Upstream& upstream() const { return upstream_; }
  http::Stats pool() const { return transport_->Snapshot(); }

 private:
  mapping::RequestContext ContextOf(const CallTerms& terms) const;
  // Returns why the call must not be made: it may have been made already.
  std::optional<mapping::Failure> CheckRepeat(const mapping::Route& route,
                                              const CallTerms& terms) const;
  // Returns why the call cannot be made with the caller's key.
  std::optional<mapping::Failure> CheckCallerKey(const std::optional<absl::string_view>& key) const;

  Client(Options options, std::string host, std::unique_ptr<http::Transport> transport,
         std::shared_ptr<UpstreamCounters> counters);

  const std::string host_;
  Upstream upstream_;
  const std::unique_ptr<http::Transport> transport_;  // last: the calls it ends use the others
};

}  // namespace gateway

#endif  // UPSTREAM_CLIENT_H_
