// The one door into upstream/: a call in protobuf bytes goes in, a reply in protobuf bytes or a
// Failure comes out.
//
//   message -> WriteRequest -> headers -> Transport -> ReadReply -> done
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the client must outlive its calls; routes must outlive the client.
#ifndef UPSTREAM_CLIENT_H_
#define UPSTREAM_CLIENT_H_

#include <memory>
#include <string>
#include <variant>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/credentials.h"
#include "upstream/http/transport.h"
#include "upstream/mapping/failure.h"
#include "upstream/mapping/reply_reader.h"
#include "upstream/mapping/route.h"

namespace gateway {

class Client {
 public:
  struct Options {
    // Scheme, host and optionally a path: "https://api.paynow.gg". No slash at the end.
    std::string base_url;
    // Stands in for a store that the request leaves out; empty: it may not be left out.
    std::string default_store;
  };

  using CallId = http::Transport::CallId;
  using Result = std::variant<mapping::Reply, mapping::Failure>;
  // Called exactly once, possibly before Call returns, on a thread that must not be blocked.
  using Done = absl::AnyInvocable<void(Result)>;

  // INVALID_ARGUMENT for a base URL that is none.
  static absl::StatusOr<std::unique_ptr<Client>> Create(Options options, Credentials credentials,
                                                        std::unique_ptr<http::Transport> transport);

  // `message` is a serialized request of the route; it is not kept. Queueing, connecting and the
  // transfer together end at the deadline.
  CallId Call(const mapping::Route& route, absl::string_view message, absl::Time deadline,
              Done done);

  // Ends the call's transfer; it fails with CANCELLED unless it is over.
  void Cancel(CallId id);

  // Who answers: "api.paynow.gg".
  const std::string& host() const { return host_; }

 private:
  Client(Options options, std::string host, Credentials credentials,
         std::unique_ptr<http::Transport> transport);

  const Options options_;
  const std::string host_;
  const Credentials credentials_;
  const std::unique_ptr<http::Transport> transport_;
};

}  // namespace gateway

#endif  // UPSTREAM_CLIENT_H_
