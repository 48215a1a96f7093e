// The gateway's configuration: one JSON file. Each default stands beside its member; every key is
// declared, with its documentation, in config.cc or in the *_config.cc of its section.
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
#include "service/config/connection_config.h"
#include "service/config/events_config.h"
#include "service/config/ledger_config.h"
#include "service/config/mode.h"
#include "service/config/observability_config.h"
#include "service/config/reload_rule.h"
#include "service/config/server_config.h"
#include "upstream/http/options.h"
#include "upstream/mapping/profile.h"
#include "upstream/upstream.h"

namespace gateway {

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
  // Stores for which a write of unknown outcome is sent again if a second write would move no
  // money; "*": all.
  std::vector<std::string> harmless_repeats;

  bool operator==(const UpstreamConfig&) const = default;
};

// How the webhooks that come to one address are verified.
struct WebhookSecrets {
  // Keyed by a name that the operator chooses. An event may be signed with any of these secrets.
  std::map<std::string, KeySource> secrets;
  // How far a signed time may be from now; zero: any.
  absl::Duration max_age = absl::Minutes(5);
  bool allow_unsigned = false;

  bool operator==(const WebhookSecrets&) const = default;
};

// How the webhooks of one provider are verified.
struct WebhookConfig : WebhookSecrets {
  // Several accounts at the provider, each with an address of its own, by names that the operator
  // chooses.
  std::map<std::string, WebhookSecrets> accounts;

  // Whether webhooks come to the address without an account.
  bool has_own() const { return !secrets.empty() || allow_unsigned || accounts.empty(); }
  bool operator==(const WebhookConfig&) const = default;
};

struct WebhooksConfig {
  ReceiverConfig receiver;
  int64_t max_body_bytes = int64_t{1} * 1024 * 1024;
  // Keyed by the name of a provider whose protos have a scheme (upstream/webhooks/scheme.h).
  std::map<std::string, WebhookConfig> providers;

  bool operator==(const WebhooksConfig&) const = default;
};

struct Config {
  Mode mode = Mode::kGateway;
  // The file's path, for errors, and its text, by which a later change is noticed.
  std::string file;
  std::string text;
  // The values of the keys that a reload may not freely change (see reload_rule.h).
  RuledValues ruled;
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
  // On SIGTERM: NOT_SERVING at once, GOAWAY after drain_delay; then the calls in flight have
  // drain_grace to end.
  absl::Duration drain_delay = absl::ZeroDuration();
  absl::Duration drain_grace = absl::Seconds(25);
  // Keyed by the name of a provider in the protos.
  std::map<std::string, UpstreamConfig> upstreams;
  WebhooksConfig webhooks;
  authorization::Config authorization;
  // The audit log: a line for each write, and for each read that carries credentials. Empty: none.
  std::string audit_file;
  LedgerConfig ledger;
  EventsConfig events;
};

// NOT_FOUND if the file cannot be read. INVALID_ARGUMENT if it is no JSON, or has bad or unknown
// keys: one line for each, with file, key and reason. In Mode::kWebhooks the sections that this
// mode does not need are read too, and then left out.
absl::StatusOr<Config> LoadConfig(const std::string& file, Mode mode = Mode::kGateway);

// Like LoadConfig, from text; `file` is named in errors.
absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text,
                                   Mode mode = Mode::kGateway);

// Returns every key of the configuration, with default and meaning.
std::vector<ConfigReader::Key> ConfigKeys();

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONFIG_H_
