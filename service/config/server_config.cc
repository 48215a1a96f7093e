#include "service/config/server_config.h"

#include <arpa/inet.h>

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

// Only the characters that the SPIFFE standard allows.
bool IsTrustDomain(absl::string_view name) {
  return !name.empty() && absl::c_all_of(name, [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '_';
  });
}

TlsConfig ReadTls(Section& server) {
  Section section = server.Child(
      "tls", "TLS on the gRPC port, 1.2 or later. The files are read again when they change.");
  TlsConfig tls;
  section.Read("certificate_file", "PEM file of the certificate, the chain after it.",
               tls.certificate_file);
  section.Read("key_file", "PEM file of the certificate's private key.", tls.key_file);
  section.Read("client_ca_file",
               "PEM file of the authorities that sign clients' certificates; empty: clients are "
               "not asked for one.",
               tls.client_ca_file);
  section.Read("require_client_certificate",
               "Where there is a `client_ca_file`: a client without a certificate gets no "
               "connection. One with a bad certificate never does.",
               tls.require_client_certificate);
  section.Each("trust_domains", "trust domain",
               "Which authorities sign for the SPIFFE IDs of which trust domain; IDs of others are "
               "refused then. Left out: each authority of `client_ca_file` signs for all.",
               [&](const std::string& domain, Section& entry) {
                 std::string file;
                 entry.Read("ca_file",
                            "PEM file of the domain's authorities, which `client_ca_file` holds "
                            "too. Watched.",
                            file);
                 if (!entry.present()) return;
                 if (!IsTrustDomain(domain)) entry.Fail("", "is no name of a trust domain");
                 if (file.empty()) entry.Fail("ca_file", "is required");
                 tls.trust_domains.emplace(domain, std::move(file));
               });
  if (!section.present()) return tls;
  if (!tls.trust_domains.empty() && tls.client_ca_file.empty()) {
    section.Fail("trust_domains", "needs client_ca_file");
  }
  if (tls.certificate_file.empty()) section.Fail("certificate_file", "is required");
  if (tls.key_file.empty()) section.Fail("key_file", "is required");
  return tls;
}

}  // namespace

ServerConfig ReadServer(Section& root) {
  Section section = root.Child(
      "server", {"The gRPC port, and what its peers may take up.", ReloadRule::kRestart});
  ServerConfig server;
  server.tls = ReadTls(section);
  section.Read("allow_plaintext",
               "Serve calls without TLS on an address that others can reach. They can read and "
               "change every call on its way.",
               server.allow_plaintext);
  section.Read("health_listen",
               "Address and port of a second listener that answers gRPC health checks, in plain "
               "text, and nothing else; empty: none. For networks without strangers: see "
               "`probe_listen`.",
               server.health_listen);
  section.Read(
      "probe_listen",
      "Address and port that answer `/healthz` and `/readyz` over HTTP/1.1, in plain text, "
      "and nothing else; empty: none.",
      server.probe_listen);
  ReadInteger(section, "max_connections",
              "Connections at a time. Beyond it those before their handshake are closed, then the "
              "newest of the address that has the most. At most half of the process's descriptors.",
              server.max_connections, 1, 1000000);
  ReadInteger(section, "max_health_connections", "The same of `health_listen`.",
              server.max_health_connections, 1, 10000);
  section.Read("handshake_timeout", "For TLS and the first frames of HTTP/2.",
               server.handshake_timeout, absl::Milliseconds(100));
  section.Read("keepalive_time",
               "A connection on which nothing comes is asked after this time whether its peer is "
               "still there.",
               server.keepalive_time, absl::Seconds(1));
  section.Read("min_ping_interval",
               "A client that asks the same more often, again and again, is told to calm down "
               "(ENHANCE_YOUR_CALM) and disconnected.",
               server.min_ping_interval, absl::ZeroDuration());
  ReadInteger(section, "max_concurrent_streams",
              "Calls at a time on one connection; more wait at the client.",
              server.max_concurrent_streams, 1, 1000000);
  ReadInteger(section, "max_metadata_bytes", "Largest metadata of a call.",
              server.max_metadata_bytes, 1024, int64_t{1024} * 1024);
  section.Read("message_timeout", "Time for a call's message to arrive whole, from its headers on.",
               server.message_timeout, absl::Milliseconds(100));
  ReadInteger(section, "max_unfinished_bytes",
              "Memory for messages that come slowly. If more calls than it holds of the largest "
              "messages have waited 50 ms for theirs, or half as many calls of one caller, and a "
              "quarter of it was received meanwhile, the oldest of these calls are refused.",
              server.max_unfinished_bytes, 1024 * 1024, int64_t{1} << 40);
  section.Read("max_connection_age",
               "A connection is told to go after this time, a tenth more or less, so that clients "
               "spread over new replicas; its calls end in peace.",
               server.max_connection_age, absl::Seconds(1));
  ReadInteger(section, "max_resets_per_second",
              "Calls that a client may break off in a second on one connection, which is closed "
              "beyond it; 0 for no limit.",
              server.max_resets_per_second, 0, 1000000);
  ReadInteger(section, "max_memory_bytes",
              "Memory for the port's connections and messages; 0 for half of what the process may "
              "have, by its control group or the machine.",
              server.max_memory_bytes, 0, int64_t{1} << 40);
  return server;
}

bool IsLocal(absl::string_view listen) {
  if (absl::StartsWith(listen, "unix:")) return true;
  const std::string host(listen.substr(0, listen.rfind(':')));
  in_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) {
    return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return host == "[::1]" || host == "localhost";
}

bool NeedsPlainWords(absl::string_view listen, const ServerConfig& server) {
  return !server.tls.enabled() && !server.allow_plaintext && !IsLocal(listen);
}

}  // namespace gateway
