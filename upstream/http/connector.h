// Makes connections to one upstream. libcurl does DNS, TCP, proxies, TLS and its verification
// (CURLOPT_CONNECT_ONLY). Connect blocks, for the connect timeout at most.
//
// Thread-safety: all methods may be called from any thread; connections are made on the caller's
// thread. All connections share DNS results and TLS sessions. Lifetime: connections may outlive
// their connector.
//
//   const absl::StatusOr<std::unique_ptr<Connector>> connector =
//       Connector::Create(origin, options);
//   auto made = (*connector)->Connect();
//   if (auto* connection = std::get_if<std::shared_ptr<Connection>>(&made)) ...
#ifndef UPSTREAM_HTTP_CONNECTOR_H_
#define UPSTREAM_HTTP_CONNECTOR_H_

#include <atomic>
#include <memory>
#include <variant>

#include "absl/status/statusor.h"
#include "upstream/http/connection.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/message.h"
#include "upstream/http/options.h"
#include "upstream/http/origin.h"
#include "upstream/http/trust_store.h"

namespace gateway::http {

class Connector {
 public:
  using Made = std::variant<std::shared_ptr<Connection>, Error>;

  // RESOURCE_EXHAUSTED if libcurl has no memory.
  static absl::StatusOr<std::unique_ptr<Connector>> Create(const Origin& origin,
                                                           const Options& options);

  // Errors: kResolve, kConnect, kTls; kInvalid if libcurl cannot use the URL; kOverloaded if no
  // descriptor is left; kShutdown after Stop. With each of these errors, nothing of a request was
  // sent.
  Made Connect() const;

  // Ends the attempts that are under way, within a second, and refuses later ones.
  void Stop() { stopped_ = true; }

 private:
  struct Attempt;

  Connector(const Origin& origin, const Options& options, std::shared_ptr<Share> share)
      : origin_(origin),
        options_(options),
        share_(std::move(share)),
        trust_(options.tls.authorities) {}

  void SetOptions(EasyHandle& easy) const;
  Error ErrorOf(CURLcode code, const Attempt& attempt) const;

  const Origin origin_;
  const Options options_;
  const std::shared_ptr<Share> share_;
  const TrustStore trust_;
  std::atomic<bool> stopped_{false};
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CONNECTOR_H_
