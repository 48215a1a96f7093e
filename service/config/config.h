// The gateway's configuration: one JSON file. Each default stands beside its member; every key is
// declared, with its documentation, in config.cc.
#ifndef SERVICE_CONFIG_CONFIG_H_
#define SERVICE_CONFIG_CONFIG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/config/authorization_config.h"
#include "service/config/config_reader.h"
#include "service/config/events_config.h"
#include "service/config/ledger_config.h"
#include "service/config/observability_config.h"
#include "service/config/server_config.h"
#include "upstream/http/options.h"
#include "upstream/mapping/profile.h"
#include "upstream/upstream.h"

namespace gateway {

// Where a key or a secret comes from: a file or an environment variable, never the configuration
// itself.
struct KeySource {
  std::string file;
  std::string env;

  bool operator==(const KeySource&) const = default;
  bool empty() const { return file.empty() && env.empty(); }
};

// Files in PEM form.
struct UpstreamTlsFiles {
  std::string ca_file;           // empty: the system's authorities
  std::string certificate_file;  // empty: no certificate of our own
  std::string key_file;

  bool operator==(const UpstreamTlsFiles&) const = default;
};

struct ProxyConfig {
  std::string url;  // empty: none
  std::string user;
  std::string password_file;

  bool operator==(const ProxyConfig&) const = default;
};

struct UpstreamConfig {
  UpstreamOptions options;
  KeySource api_key;
  std::map<std::string, KeySource> store_keys;
  UpstreamTlsFiles tls;
  ProxyConfig proxy;
  http::Options pool;  // without the contents of the files of `tls` and `proxy`
  mapping::ProfileOverrides profile;
  // Keys may cross a network in plain text.
  bool allow_plaintext = false;
  // Stores for which a write that would move no money twice is sent again; "*": all.
  std::vector<std::string> harmless_repeats;

  bool operator==(const UpstreamConfig&) const = default;
};

// How the webhooks of one provider are verified.
struct WebhookConfig {
  // Keyed by a name that the operator chooses. An event may be signed with any of them.
  std::map<std::string, KeySource> secrets;
  // How far a signed time may be from now; zero: any.
  absl::Duration max_age = absl::Minutes(5);
  bool allow_unsigned = false;

  bool operator==(const WebhookConfig&) const = default;
};

struct WebhooksConfig {
  ReceiverConfig receiver;
  int64_t max_body_bytes = int64_t{1} * 1024 * 1024;
  // Keyed by the name of a provider in upstream/webhooks/scheme.cc.
  std::map<std::string, WebhookConfig> providers;

  bool operator==(const WebhooksConfig&) const = default;
};

struct Config {
  // Where it comes from, and what stood there: for errors and changes that show later.
  std::string file;
  std::string text;
  std::string listen = "127.0.0.1:50051";
  // For a call whose caller sets no deadline.
  absl::Duration default_deadline = absl::Seconds(30);
  int64_t max_request_bytes = int64_t{4} * 1024 * 1024;
  ServerConfig server;
  // Address and port of the metrics over HTTP; empty: none.
  std::string metrics_listen;
  HealthConfig health;
  LoggingConfig logging;
  TracingConfig tracing;
  // On SIGTERM: NOT_SERVING at once, GOAWAY after the delay, and calls in flight have the grace to
  // end.
  absl::Duration drain_delay = absl::ZeroDuration();
  absl::Duration drain_grace = absl::Seconds(25);
  // Keyed by the name of a provider in the protos.
  std::map<std::string, UpstreamConfig> upstreams;
  WebhooksConfig webhooks;
  authorization::Config authorization;
  // One line for each write; empty: none are kept.
  std::string audit_file;
  LedgerConfig ledger;
  EventsConfig events;
};

// NOT_FOUND for a file that cannot be read, INVALID_ARGUMENT for one that is no JSON or has a bad
// or unknown key: file, key and reason, one line for each.
absl::StatusOr<Config> LoadConfig(const std::string& file);

// As LoadConfig, from text; `file` is named in errors.
absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text);

// Every key there is, with default and meaning.
std::vector<ConfigReader::Key> ConfigKeys();

// Returns the key without trailing line ends. NOT_FOUND if the file or variable is missing,
// INVALID_ARGUMENT if its content cannot be the value of a header. The message begins with "file"
// or "env" and shows neither the key nor the source's name: somebody may have put the key there.
absl::StatusOr<std::string> ReadKey(const KeySource& source);

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONFIG_H_
