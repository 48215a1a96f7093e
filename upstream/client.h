// The only entry to upstream/: a call goes in as protobuf bytes, and a reply in protobuf bytes or a
// Failure comes out. A call has two steps, so that the caller can look at the prepared request (its
// store, for example) before anything is sent:
//
//   Prepare: message -> REST request, or a Failure that lists all errors of the message
//   Send:    PendingCall (gate -> Transport -> ReadReply, repeated for a retry) -> done
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: routes must outlive the client. The client's destructor ends the calls that are open.
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
  // Called exactly once, possibly before Send or Call returns, on a thread that must not be
  // blocked.
  using Done = PendingCall::Done;

  // A caller's handle on its call. It may outlive the call, but not the client.
  class Handle {
   public:
    Handle() = default;
    explicit Handle(std::shared_ptr<PendingCall> call) : call_(std::move(call)) {}

    // See PendingCall::Cancel. Does nothing if the handle has no call.
    void Cancel() {
      if (call_ != nullptr) call_->Cancel();
    }

   private:
    std::shared_ptr<PendingCall> call_;
  };

  // Returns INVALID_ARGUMENT if the text is not a base URL.
  static absl::Status CheckBaseUrl(absl::string_view base_url);

  // Returns the error of CheckBaseUrl if options.base_url is not a base URL.
  static absl::StatusOr<std::unique_ptr<Client>> Create(
      Options options, std::unique_ptr<http::Transport> transport,
      std::shared_ptr<UpstreamCounters> counters = std::make_shared<UpstreamCounters>());

  // `message` is a serialized request of the route; it need not outlive Prepare. Changes nothing
  // and sends nothing. A Failure has outcome kNotSent.
  std::variant<PreparedCall, mapping::Failure> Prepare(const mapping::Route& route,
                                                       absl::string_view message,
                                                       const CallTerms& terms) const;

  // Returns the verb and URL of the request for this message: "POST https://api.paynow.gg/v1/...".
  // Sensitive values are replaced by asterisks. Returns "" if no request can be written for the
  // message.
  std::string Shown(const mapping::Route& route, absl::string_view message,
                    const CallTerms& terms) const;

  // `terms` must be the terms that the call was prepared with.
  Handle Send(PreparedCall call, const CallTerms& terms, Done done);

  // Prepare and Send, for callers that have nothing to do in between.
  Handle Call(const mapping::Route& route, absl::string_view message, const CallTerms& terms,
              Done done);

  // The host of the base URL, without the port: "api.paynow.gg".
  const std::string& host() const { return host_; }

  const Upstream& upstream() const { return upstream_; }
  http::Stats pool() const { return transport_->Snapshot(); }

 private:
  mapping::RequestContext ContextOf(const CallTerms& terms) const;
  // Returns a Failure for a repeated write without an idempotency key: an earlier attempt may have
  // been made. Returns nullopt if the call may be made.
  std::optional<mapping::Failure> CheckRepeat(const mapping::Route& route,
                                              const CallTerms& terms) const;
  // Returns a Failure if the caller's own key is not accepted or not valid. Returns nullopt if it
  // may be used, or if there is none.
  std::optional<mapping::Failure> CheckCallerKey(const std::optional<absl::string_view>& key) const;

  Client(Options options, std::string host, std::unique_ptr<http::Transport> transport,
         std::shared_ptr<UpstreamCounters> counters);

  const std::string host_;
  Upstream upstream_;
  // Last, so that it is destroyed first: its destructor ends calls that use the other members.
  const std::unique_ptr<http::Transport> transport_;
};

}  // namespace gateway

#endif  // UPSTREAM_CLIENT_H_
