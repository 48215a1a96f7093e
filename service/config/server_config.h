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

// PEM files. Empty: plain text.
struct TlsConfig {
  std::string certificate_file;  // the server's own, with its chain
  std::string key_file;
  // The authorities that sign clients' certificates. Empty: clients are not asked for one.
  std::string client_ca_file;
  // Files in PEM, by trust domain: who signs for SPIFFE IDs of the domain. Empty: all of
  // client_ca_file sign for all.
  std::map<std::string, std::string> trust_domains;
  // A client without a certificate does not get a connection. One that shows a bad certificate
  // never does.
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

  // Connections at a time, apart from health_listen's. Beyond it those before their handshake are
  // closed, then the newest of the address that has the most.
  int64_t max_connections = 10000;
  // Connections at a time to health_listen.
  int64_t max_health_connections = 64;
  // For TLS and the first frames of HTTP/2.
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
  // Memory for messages that arrive slowly. It bounds how many of the largest size may be under way
  // at a time; one caller may have half of them.
  int64_t max_unfinished_bytes = int64_t{32} * 1024 * 1024;
  // A connection is told to go after this time, a tenth more or less, so that clients spread over
  // new replicas. Its calls may finish, however long they take: gRPC would fail calls that it ends
  // by force with UNAVAILABLE.
  absl::Duration max_connection_age = absl::Minutes(10);
  // Calls that a client may break off in a second on one connection. Beyond it the connection is
  // closed; 0: no limit.
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

// Whether calls on this address would be in plain text, could cross a network, and the
// configuration does not say that this is meant.
bool NeedsPlainWords(absl::string_view listen, const ServerConfig& server);

}  // namespace gateway

#endif  // SERVICE_CONFIG_SERVER_CONFIG_H_
