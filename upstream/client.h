// The one door into upstream/: a call in protobuf bytes goes in, a reply in protobuf bytes or a
// Failure comes out.
//
//   message -> WriteRequest -> PendingCall (gate -> Transport -> ReadReply, perhaps again) -> done
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

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/attempt_observer.h"
#include "upstream/credentials.h"
#include "upstream/http/transport.h"
#include "upstream/mapping/route.h"
#include "upstream/pending_call.h"
#include "upstream/upstream.h"

namespace gateway {

class Client {
 public:
  using Options = UpstreamOptions;
  // Called exactly once, possibly before Call returns, on a thread that must not be blocked.
  using Done = PendingCall::Done;

  // Asked for the store of a call that is about to be made; a Failure is the call's answer then.
  using StoreCheck = absl::FunctionRef<std::optional<mapping::Failure>(absl::string_view store)>;
  static std::optional<mapping::Failure> AnyStore(absl::string_view) { return std::nullopt; }

  // What is left of a call for its caller. May outlive the call, not the client.
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

  // INVALID_ARGUMENT for a base URL that is none.
  static absl::Status CheckBaseUrl(absl::string_view base_url);

  // Errors as above.
  static absl::StatusOr<std::unique_ptr<Client>> Create(
      Options options, Credentials credentials, CredentialStore::Load load_credentials,
      std::unique_ptr<http::Transport> transport,
      std::shared_ptr<UpstreamCounters> counters = std::make_shared<UpstreamCounters>());

  // `message` is a serialized request of the route; it is not kept.
  Handle Call(const mapping::Route& route, absl::string_view message, const CallTerms& terms,
              Done done, StoreCheck check = AnyStore);

  // Who answers: "api.paynow.gg".
  const std::string& host() const { return host_; }

  // From now on these keys.
  void ReplaceCredentials(Credentials credentials) { credentials_.Replace(std::move(credentials)); }

  const Upstream& upstream() const { return upstream_; }
  http::Stats pool() const { return transport_->Snapshot(); }

 private:
  // Why the call must not be made: it may have been made already.
  std::optional<mapping::Failure> CheckRepeat(const mapping::Route& route,
                                              const CallTerms& terms) const;
  // Why the call cannot be made with it.
  std::optional<mapping::Failure> CheckCallerKey(const std::optional<absl::string_view>& key) const;

  Client(Options options, std::string host, Credentials credentials,
         CredentialStore::Load load_credentials, std::unique_ptr<http::Transport> transport,
         std::shared_ptr<UpstreamCounters> counters);

  const std::string host_;
  CredentialStore credentials_;
  Upstream upstream_;
  const std::unique_ptr<http::Transport> transport_;  // last: the calls it ends use the others
};

}  // namespace gateway

#endif  // UPSTREAM_CLIENT_H_
