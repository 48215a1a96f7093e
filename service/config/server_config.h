// The section `server` of the configuration: TLS on the gRPC port, and limits for its peers. Each
// default stands beside its member.
#ifndef SERVICE_CONFIG_SERVER_CONFIG_H_
#define SERVICE_CONFIG_SERVER_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/config/config_reader.h"

namespace gateway {

// Names of PEM files. If certificate_file is empty, the port is in plain text.
struct TlsConfig {
  std::string certificate_file;  // the server's own, with its chain
  std::string key_file;
  // The authorities that sign clients' certificates. Empty: clients are not asked for one.
  std::string client_ca_file;
  // For each trust domain, a PEM file of the authorities that may sign for its SPIFFE IDs. Empty:
  // every authority of client_ca_file may sign for every domain.
  std::map<std::string, std::string> trust_domains;
  // If true, a client without a certificate gets no connection. A client with a bad certificate
  // gets none in either case.
  bool require_client_certificate = true;

  bool operator==(const TlsConfig&) const = default;
  bool enabled() const { return !certificate_file.empty(); }
};

struct ServerConfig {
  TlsConfig tls;
  // Serve calls in plain text on an address that others can reach.
  bool allow_plaintext = false;
  // Address and port of a second listener: grpc.health.v1 in plain text, and nothing else. Empty:
  // none.
  std::string health_listen;
  // Address and port of probes over HTTP/1.1. Empty: none.
  std::string probe_listen;

  // Connections at a time, not counting those to health_listen. If there are more, connections
  // before the end of their handshake are closed first, then the newest of the address that has the
  // most.
  int64_t max_connections = 10000;
  // Connections at a time to health_listen.
  int64_t max_health_connections = 64;
  // Time for TLS and the first frames of HTTP/2.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // After this time without incoming data, a ping asks whether the peer is still there.
  absl::Duration keepalive_time = absl::Minutes(1);
  // A client that pings more often than this, twice, gets ENHANCE_YOUR_CALM and is disconnected.
  absl::Duration min_ping_interval = absl::Seconds(5);
  // Calls at a time on one connection; more wait at the client.
  int64_t max_concurrent_streams = 100;
  int64_t max_metadata_bytes = int64_t{16} * 1024;
  // Time from a call's headers to the end of its message.
  absl::Duration message_timeout = absl::Seconds(10);
  // Memory for messages that arrive slowly: as many messages of the largest size as fit into it may
  // be under way at a time, half of them for one caller.
  int64_t max_unfinished_bytes = int64_t{32} * 1024 * 1024;
  // The server sends GOAWAY on a connection after this time, a tenth more or less, so that clients
  // spread over new replicas. Its calls may finish, however long they take: gRPC would fail calls
  // that it ends by force with UNAVAILABLE.
  absl::Duration max_connection_age = absl::Minutes(10);
  // Calls that a client may reset in a second on one connection. If it resets more, the connection
  // is closed; 0: no limit.
  int64_t max_resets_per_second = 1000;
  // Memory for all connections and messages of the port; 0: half of what the process may have.
  int64_t max_memory_bytes = 0;

  bool operator==(const ServerConfig&) const = default;
};

// Reads the section `server`. Errors go to the reader.
ServerConfig ReadServer(ConfigReader::Section& root);

// Whether only this machine can reach the address: 127.x.x.x, [::1], localhost, or a socket's path
// ("unix:"). If in doubt, returns false.
bool IsLocal(absl::string_view listen);

// Whether calls to this address could cross a network in plain text although the configuration does
// not set allow_plaintext.
bool NeedsPlainWords(absl::string_view listen, const ServerConfig& server);

}  // namespace gateway

#endif  // SERVICE_CONFIG_SERVER_CONFIG_H_
