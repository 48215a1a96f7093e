// Settings of the pool of connections to one upstream, each default beside its meaning.
#ifndef UPSTREAM_HTTP_OPTIONS_H_
#define UPSTREAM_HTTP_OPTIONS_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace gateway::http {

struct Options {
  // Event-loop threads. Each has a pool of its own; connections and queue are split evenly between
  // them.
  int event_loops = 1;

  // Connections to the upstream, over all loops. Over HTTP/1.1 also the number of requests in
  // flight.
  int max_connections = 64;

  // Requests in flight on one connection where HTTP/2 was negotiated (TLS with ALPN).
  int max_streams_per_connection = 100;

  // Requests that wait for a connection, over all loops; one more is refused with
  // Error::kOverloaded.
  int max_queued = 1024;

  // DNS, TCP and TLS together.
  absl::Duration connect_timeout = absl::Seconds(3);

  // A connection is not reused after this age, nor after this time without a request.
  absl::Duration max_connection_age = absl::Minutes(5);
  absl::Duration max_connection_idle = absl::Seconds(60);

  // TCP keep-alive probes on idle connections; zero for none.
  absl::Duration tcp_keepalive = absl::Seconds(30);

  // A reply larger than this (headers, body after decompression) ends its call with
  // Error::kTooLarge.
  size_t max_header_bytes = size_t{64} * 1024;
  size_t max_body_bytes = size_t{32} * 1024 * 1024;

  // PEM file of the authorities to trust instead of the system's. Verification cannot be turned
  // off.
  std::string ca_file;

  bool operator==(const Options&) const = default;
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_OPTIONS_H_
