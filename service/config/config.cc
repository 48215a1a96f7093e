#include "service/config/config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "service/config/config_checks.h"
#include "service/config/profile_config.h"
#include "service/config/read_file.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

// `what` it is that the source holds.
KeySource ReadKeySource(Section& section, absl::string_view what) {
  KeySource source;
  section.Read("file",
               absl::StrCat("File that holds the ", what, "; a line end after it is ignored."),
               source.file);
  section.Read("env",
               absl::StrCat("Environment variable that holds the ", what, ", if not a file."),
               source.env);
  if (section.present() && source.file.empty() == source.env.empty()) {
    section.Fail("", "set either file or env");
  }
  return source;
}

KeySource ReadApiKey(Section& parent, absl::string_view documentation) {
  Section section = parent.Child("api_key", documentation);
  return ReadKeySource(section, "key");
}

// The name of the file or the variable. What does not look like one may be the key itself, in the
// wrong place.
std::string Shown(const KeySource& source) {
  if (!source.file.empty()) {
    const bool path = absl::StartsWith(source.file, "/") || absl::StartsWith(source.file, "./") ||
                      absl::StartsWith(source.file, "../");
    return path ? source.file : "the key's file";
  }
  const bool variable = std::all_of(source.env.begin(), source.env.end(), [](char c) {
    return absl::ascii_isupper(c) || absl::ascii_isdigit(c) || c == '_';
  });
  return variable ? source.env : "of this name";
}

void ReadPool(Section& parent, http::Options& pool) {
  Section section = parent.Child("pool", "The pool of connections to this upstream.");
  ReadInteger(section, "event_loops",
              "Threads that do the upstream's I/O; pool and queue are split evenly between them.",
              pool.event_loops, 1, 64);
  ReadInteger(section, "max_connections",
              "Connections: the number of requests in flight. Each takes three descriptors.",
              pool.max_connections, 1, 10000);
  if (pool.max_connections < pool.event_loops) {
    section.Fail("max_connections", "must be at least event_loops");
  }
  section.Retired("max_streams_per_connection",
                  "upstreams are called over HTTP/1.1 alone: remove the key, and let "
                  "max_connections be the number of requests in flight");
  ReadInteger(section, "max_queued",
              "Calls that wait for a connection; one more is refused with UNAVAILABLE, not_sent.",
              pool.max_queued, 0, 1000000);
  section.Read("connect_timeout", "DNS, TCP and TLS together.", pool.connect_timeout,
               absl::Milliseconds(1));
  section.Read("max_connection_age", "A connection is not reused after this age.",
               pool.max_connection_age, absl::Seconds(1));
  section.Read("max_connection_idle", "A connection is not reused after this time without a call.",
               pool.max_connection_idle, absl::Seconds(1));
  ReadInteger(section, "max_requests_per_connection",
              "A connection is not reused for more calls than this; 0 for any number.",
              pool.max_requests_per_connection, 0, 1000000000);
  section.Read("unacknowledged_timeout",
               "A connection ends when what was sent is not acknowledged for so long; 0s: as the "
               "system has it.",
               pool.unacknowledged_timeout);
  section.Read("tcp_keepalive", "Time between TCP keep-alive probes; 0s for none.",
               pool.tcp_keepalive);
  ReadInteger(section, "max_header_bytes", "Largest header block of a reply.",
              pool.max_header_bytes, 1024, int64_t{16} * 1024 * 1024);
  ReadInteger(section, "max_body_bytes", "Largest body of a reply, after decompression.",
              pool.max_body_bytes, 1024, int64_t{1024} * 1024 * 1024);
}

void ReadClientCertificate(Section& parent, UpstreamTlsFiles& tls) {
  Section section =
      parent.Child("tls", "What the gateway proves its identity to this upstream with.");
  section.Read("certificate_file", "PEM file of the certificate and its chain; watched.",
               tls.certificate_file);
  section.Read("key_file", "PEM file of its private key, without a passphrase; watched.",
               tls.key_file);
  if (tls.certificate_file.empty() != tls.key_file.empty()) {
    section.Fail("", "certificate_file and key_file belong together");
  }
}

void ReadProxy(Section& parent, ProxyConfig& proxy) {
  Section section = parent.Child(
      "proxy", "Through what this upstream is reached. The environment's proxies are not used.");
  section.Read("url", "http://host:port or socks5h://host:port; empty: connections are direct.",
               proxy.url);
  section.Read("user", "Name to give to the proxy, if it wants one.", proxy.user);
  section.Read("password_file", "File that holds the password to it; watched.",
               proxy.password_file);
  if (proxy.user.empty() != proxy.password_file.empty()) {
    section.Fail("", "user and password_file belong together");
  }
  if (proxy.url.empty() && !proxy.user.empty()) section.Fail("url", "is required");
}

// Shares are whole percents in the file.
void ReadPercent(Section& section, absl::string_view key, absl::string_view documentation,
                 double& share, int64_t minimum, int64_t maximum) {
  auto percent = static_cast<int64_t>(std::lround(share * 100));
  section.Read(key, documentation, percent, minimum, maximum);
  share = static_cast<double>(percent) / 100;
}

void ReadRetry(Section& parent, UpstreamOptions& options) {
  Section section =
      parent.Child("retry", "Repeating what is safe to repeat: reads, and what was never sent.");
  ReadInteger(section, "max_attempts", "Attempts of a call in all; 1 for no retries.",
              options.retry.max_attempts, 1, 10);
  section.Read("base_wait", "Longest wait before the second attempt; doubled for each further one.",
               options.retry.base);
  section.Read("max_wait", "Longest wait before any attempt, unless the upstream asks for more.",
               options.retry.cap);
  ReadPercent(section, "budget_percent", "Retries per hundred calls of the last ten seconds.",
              options.retry_budget.share, 0, 100);
  ReadInteger(section, "budget_floor",
              "Retries in ten seconds that are allowed however few calls there are.",
              options.retry_budget.floor, 0, 10000);
}

void ReadBreaker(Section& parent, resilience::CircuitBreaker::Options& breaker) {
  Section section = parent.Child(
      "breaker", "Not calling an upstream that keeps failing; reads and writes apart.");
  ReadPercent(section, "failure_percent",
              "Failed calls per hundred, over the window, that open it.", breaker.failure_share, 1,
              100);
  ReadInteger(section, "min_calls", "Calls that the window must have for that.", breaker.min_calls,
              1, 1000000);
  section.Read("window", "The time that is looked at.", breaker.window);
  section.Read("open_time", "How long it stays open, doubled with each failed probe.",
               breaker.open_time);
  section.Read("max_open_time", "The longest that it stays open.", breaker.max_open_time);
  ReadInteger(section, "probes", "Calls let through to see whether the upstream is back.",
              breaker.probes, 1, 1000);
}

void ReadLimit(Section& parent, resilience::ConcurrencyLimit::Options& limit) {
  Section section = parent.Child(
      "concurrency",
      "Calls under way at a time, found out from their latency; reads and writes apart.");
  ReadInteger(section, "initial", "The limit to begin with.", limit.initial, 1, 1000000);
  ReadInteger(section, "minimum", "It never falls below this.", limit.minimum, 1, 1000000);
  ReadInteger(section, "maximum", "It never rises above this.", limit.maximum, 1, 1000000);
  ReadPercent(section, "tolerance_percent",
              "Latency, in percent of the best, that still counts as unloaded.", limit.tolerance,
              101, 1000);
}

void ReadRateLimit(Section& parent, resilience::RateLimit::Options& limit) {
  Section section = parent.Child("rate_limit", "Calls of one store.");
  int64_t per_second = 0;
  section.Read("calls_per_second", "Calls a second; 0 for no limit.", per_second, 0, 1000000);
  limit.calls_per_second = static_cast<double>(per_second);
  ReadInteger(section, "burst", "Calls at once.", limit.burst, 1, 1000000);
}

UpstreamConfig ReadUpstream(Section& section) {
  UpstreamConfig upstream;
  section.Read("base_url",
               "Scheme, host and optionally port and path, without a slash at the end. Required.",
               upstream.options.base_url);
  if (section.present() && upstream.options.base_url.empty())
    section.Fail("base_url", "is required");
  section.Read("allow_plaintext",
               "Send keys to a base_url of `http://` that is not on this machine.",
               upstream.allow_plaintext);
  if (SendsKeysInPlainText(upstream.options.base_url) && !upstream.allow_plaintext) {
    section.Fail("base_url",
                 "keys would cross the network in plain text: use https://, or set "
                 "allow_plaintext to true");
  }
  section.Read("default_store", "Store of a request that names none; empty: it must name one.",
               upstream.options.default_store);
  section.Read(
      "ca_file",
      "PEM file of the authorities to trust instead of the system's; watched. Verification "
      "cannot be turned off.",
      upstream.tls.ca_file);
  ReadClientCertificate(section, upstream.tls);
  ReadProxy(section, upstream.proxy);
  upstream.api_key = ReadApiKey(section, "Key for every store that has none of its own.");
  section.Each("stores", "store id", "Stores with keys of their own.",
               [&](const std::string& store, Section& entry) {
                 KeySource source = ReadApiKey(entry, "Key for this store.");
                 if (!entry.present()) return;
                 if (source.empty()) entry.Fail("api_key", "is required");
                 upstream.store_keys.emplace(store, std::move(source));
               });
  section.Read(
      "accept_caller_keys",
      "A call may bring its own key in the metadata `upstream-api-key`. Else such a call is "
      "refused.",
      upstream.options.accept_caller_keys);
  section.Read("harmless_repeats",
               "Stores, or `*` for all, where a call of unknown outcome is sent again if a second "
               "one would move no money, though somebody may notice it: an unpaid checkout session "
               "of which the customer is reminded. Needs the ledger.",
               upstream.harmless_repeats);
  section.Read("refuse_repeated_writes",
               "Refuse a write that a client library or a proxy has repeated, unless it has an "
               "idempotency key: an earlier attempt may have been made.",
               upstream.options.refuse_repeated_writes);
  if (section.present() && upstream.api_key.empty() && upstream.store_keys.empty() &&
      !upstream.options.accept_caller_keys) {
    section.Fail("api_key", "is required, here or for a store");
  }
  section.Read(
      "deadline_margin",
      "An attempt ends this long before the caller's deadline, beside a part of the time, so that "
      "the answer arrives.",
      upstream.options.deadline_margin);
  ReadRetry(section, upstream.options);
  ReadBreaker(section, upstream.options.breaker);
  ReadLimit(section, upstream.options.limit);
  ReadRateLimit(section, upstream.options.rate_limit);
  ReadPool(section, upstream.pool);
  upstream.profile = ReadProfile(section);
  return upstream;
}

WebhookConfig ReadWebhook(Section& section) {
  WebhookConfig webhook;
  section.Each(
      "secrets", "secret name",
      "What the provider signs with, by names of your own. While a secret is being changed "
      "there are two; any of them will do.",
      [&](const std::string& name, Section& entry) {
        KeySource source = ReadKeySource(entry, "secret");
        if (entry.present()) webhook.secrets.emplace(name, std::move(source));
      });
  section.Read("max_age",
               "How far the signed time may lie in the past, or ahead; 0 for no limit. Where the "
               "provider signs no time it has no effect.",
               webhook.max_age);
  section.Read("allow_unsigned",
               "Believe what anybody sends, from a provider that documents no signature.",
               webhook.allow_unsigned);
  return webhook;
}

void ReadWebhooks(Section& root, WebhooksConfig& webhooks) {
  Section section =
      root.Child("webhooks", "What WebhookService verifies and decodes, and what is received.");
  webhooks.receiver = ReadReceiver(section);
  ReadInteger(section, "max_body_bytes", "Longest body of a webhook.", webhooks.max_body_bytes,
              1024, int64_t{64} * 1024 * 1024);
  section.Each("providers", "provider",
               "Whose webhooks: `paynow`, `paymentkit`, `convergegate` or `qashier`.",
               [&](const std::string& name, Section& entry) {
                 WebhookConfig webhook = ReadWebhook(entry);
                 if (entry.present()) webhooks.providers.emplace(name, std::move(webhook));
               });
}

Config ReadConfig(Section root) {
  Config config;
  root.Read("listen", "Address and port of the gRPC service. Port 0: any that is free.",
            config.listen);
  root.Read("default_deadline", "Deadline of a call whose caller sets none.",
            config.default_deadline, absl::Milliseconds(1));
  root.Read("max_request_bytes", "Largest request message; a larger one is RESOURCE_EXHAUSTED.",
            config.max_request_bytes, 1024, int64_t{64} * 1024 * 1024);
  config.server = ReadServer(root);
  if (NeedsPlainWords(config.listen, config.server)) {
    root.Fail(
        "listen",
        "calls would cross the network in plain text: set server.tls, listen on 127.0.0.1, or "
        "set server.allow_plaintext to true");
  }
  {
    Section metrics = root.Child("metrics", "Prometheus metrics, over HTTP at /metrics.");
    metrics.Read("listen", "Address and port; empty: no metrics.", config.metrics_listen);
  }
  config.health = ReadHealth(root);
  config.logging = ReadLogging(root);
  config.tracing = ReadTracing(root);
  {
    Section drain = root.Child("drain", "What SIGTERM does.");
    drain.Read("delay", "Time between NOT_SERVING and GOAWAY, for load balancers to notice.",
               config.drain_delay);
    drain.Read("grace", "Time for the calls in flight to end.", config.drain_grace);
  }
  root.Each("upstreams", "name",
            "The REST APIs to serve, by the name of their provider in the protos: `paynow`.",
            [&](const std::string& name, Section& entry) {
              UpstreamConfig upstream = ReadUpstream(entry);
              if (entry.present()) config.upstreams.emplace(name, std::move(upstream));
            });
  if (root.present() && config.upstreams.empty())
    root.Fail("upstreams", "at least one is required");
  ReadWebhooks(root, config.webhooks);
  config.authorization = authorization::ReadConfig(root);
  {
    Section audit = root.Child("audit",
                               "Who did what: one JSON line for each write, and for "
                               "each read that carries credentials.");
    audit.Read("file", "File that the lines are appended to; empty: none are kept.",
               config.audit_file);
  }
  config.ledger = ReadLedger(root);
  config.events = ReadEvents(root);
  CheckTogether(root, config);
  return config;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& file) {
  const std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError(absl::StrCat(file, ": cannot be read"));
  return ParseConfig(file, *text);
}

absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text) {
  absl::StatusOr<nlohmann::json> json = ParseJson(file, text);
  if (!json.ok()) return json.status();
  ConfigReader reader(file, *std::move(json));
  Config config = ReadConfig(reader.Root());
  const absl::Status status = reader.status();
  if (!status.ok()) return status;
  config.file = file;
  config.text = std::string(text);
  return config;
}

std::vector<ConfigReader::Key> ConfigKeys() {
  ConfigReader reader("", nlohmann::json::object());
  ReadConfig(reader.Root());
  return reader.keys();
}

absl::StatusOr<std::string> ReadKey(const KeySource& source) {
  std::string key;
  const absl::string_view name = source.file.empty() ? "env" : "file";
  if (!source.file.empty()) {
    std::optional<std::string> text = ReadFile(source.file);
    if (!text) return absl::NotFoundError(absl::StrCat("file: ", Shown(source), " cannot be read"));
    key = *std::move(text);
  } else {
    const char* value = std::getenv(source.env.c_str());
    if (value == nullptr) {
      return absl::NotFoundError(absl::StrCat("env: there is no variable ", Shown(source)));
    }
    key = value;
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": the key is empty"));
  for (const char c : key) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": the key has something other than printable ASCII"));
    }
  }
  return key;
}

}  // namespace gateway
