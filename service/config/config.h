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
  // Stores for which a write that would move no money twice is sent again; "*": all.
  std::vector<std::string> harmless_repeats;

  bool operator==(const UpstreamConfig&) const = default;
};

// How webhooks are verified that were sent to one address.
struct WebhookSecrets {
  // Keyed by a name that the operator chooses. An event may be signed with any of them.
  std::map<std::string, KeySource> secrets;
  // How far a signed time may be from now; zero: any.
  absl::Duration max_age = absl::Minutes(5);
  bool allow_unsigned = false;

  bool operator==(const WebhookSecrets&) const = default;
};

// Those of one provider.
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
  // Keyed by the name of a provider in upstream/webhooks/scheme.cc.
  std::map<std::string, WebhookConfig> providers;

  bool operator==(const WebhooksConfig&) const = default;
};

struct Config {
  Mode mode = Mode::kGateway;
  // The file's path, for errors, and its text, by which a later change is noticed.
  std::string file;
  std::string text;
  // The values that a reload may not change at will.
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
// or unknown key: file, key and reason, one line for each. In Mode::kWebhooks the sections that it
// does not need are read, and then left out.
absl::StatusOr<Config> LoadConfig(const std::string& file, Mode mode = Mode::kGateway);

// As LoadConfig, from text; `file` is named in errors.
absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text,
                                   Mode mode = Mode::kGateway);

// Every key there is, with default and meaning.
std::vector<ConfigReader::Key> ConfigKeys();

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONFIG_H_
