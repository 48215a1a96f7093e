// Settings of the pool of connections to one upstream, each default beside its meaning.
#ifndef UPSTREAM_HTTP_OPTIONS_H_
#define UPSTREAM_HTTP_OPTIONS_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace gateway::http {

// Texts in PEM form. Verification cannot be turned off.
struct TlsOptions {
  // The authorities to trust instead of the system's; empty: the system's.
  std::string authorities;
  // Our own certificate, for an upstream that asks for one; empty: none.
  std::string certificate;
  std::string key;

  bool operator==(const TlsOptions&) const = default;
};

// The proxy that connections go through. The environment's proxies are never used.
struct ProxyOptions {
  // "http://host:port" or "socks5h://host:port"; empty: connections are direct.
  std::string url;
  std::string user;
  std::string password;

  bool operator==(const ProxyOptions&) const = default;
};

struct Options {
  // Event-loop threads. Each has a pool of its own; connections and queue are split evenly between
  // them.
  int event_loops = 1;

  // Connections to the upstream, over all loops. Also the most requests in flight.
  int max_connections = 256;

  // Requests that wait for a connection, over all loops; one more is refused with
  // Error::kOverloaded.
  int max_queued = 1024;

  // DNS, TCP, proxy and TLS together.
  absl::Duration connect_timeout = absl::Seconds(3);

  // A connection is not reused if it is older than max_connection_age, has been idle for
  // max_connection_idle, or has served max_requests_per_connection requests (0: any number).
  absl::Duration max_connection_age = absl::Minutes(5);
  absl::Duration max_connection_idle = absl::Seconds(60);
  int64_t max_requests_per_connection = 0;

  // The interval of TCP keep-alive probes on idle connections. Zero: no probes.
  absl::Duration tcp_keepalive = absl::Seconds(30);

  // A connection ends if sent data is not acknowledged for this long (TCP_USER_TIMEOUT). Zero: the
  // system's own limit, a quarter of an hour.
  absl::Duration unacknowledged_timeout = absl::Seconds(10);

  // A head larger than this ends its call with Error::kTooLarge, a body (after decompression) with
  // Body::kTooLarge.
  size_t max_header_bytes = size_t{64} * 1024;
  size_t max_body_bytes = size_t{32} * 1024 * 1024;

  TlsOptions tls = {};
  ProxyOptions proxy = {};

  bool operator==(const Options&) const = default;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_OPTIONS_H_
