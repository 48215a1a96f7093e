#include "service/config/config.h"

#include <cmath>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/config_checks.h"
#include "service/config/profile_config.h"
#include "service/config/read_file.h"

namespace gateway {
namespace {

using Section = ConfigReader::Section;

KeySource ReadApiKey(Section& parent, const Meaning& meaning) {
  Section section = parent.Child("api_key", meaning);
  return ReadKeySource(section, "key");
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

// Reads a share (0.25), which is a whole percentage in the file (25).
void ReadPercent(Section& section, absl::string_view key, const Meaning& meaning, double& share,
                 int64_t minimum, int64_t maximum) {
  auto percent = static_cast<int64_t>(std::lround(share * 100));
  section.Read(key, meaning, percent, minimum, maximum);
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
  section.Read("window", "The time that is looked at.", breaker.window, absl::Milliseconds(10));
  section.Read("open_time", "How long it stays open, doubled with each failed probe.",
               breaker.open_time, absl::Milliseconds(1));
  section.Read("max_open_time", "The longest that it stays open.", breaker.max_open_time,
               absl::Milliseconds(1));
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
  section.Read(
      "allow_plaintext",
      {"Send keys to a base_url of `http://` that is not on this machine.", ReloadRule::kOffOnly},
      upstream.allow_plaintext);
  if (SendsKeysInPlainText(upstream.options.base_url) && !upstream.allow_plaintext) {
    section.Fail("base_url",
                 "keys would cross the network in plain text: use https://, or set "
                 "allow_plaintext to true");
  }
  section.Read("default_store", "Store of a request that names none; empty: it must name one.",
               upstream.options.default_store);
  ReadAuthorities(section, upstream.tls);
  ReadClientCertificate(section, "this upstream", upstream.tls);
  ReadProxy(section, "this upstream", upstream.proxy);
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
      {"A call may bring its own key in the metadata `upstream-api-key`. Else such a call is "
       "refused.",
       ReloadRule::kOffOnly},
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

void ReadWebhookSecrets(Section& section, WebhookSecrets& webhook) {
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
               {"Believe what anybody sends, from a provider that documents no signature.",
                ReloadRule::kOffOnly},
               webhook.allow_unsigned);
}

WebhookConfig ReadWebhook(Section& section) {
  WebhookConfig webhook;
  ReadWebhookSecrets(section, webhook);
  section.Each("accounts", "account",
               "Several accounts at the provider, by names of your own: each is received at "
               "/webhooks/PROVIDER/ACCOUNT.",
               [&](const std::string& name, Section& entry) {
                 WebhookSecrets account;
                 ReadWebhookSecrets(entry, account);
                 if (!entry.present()) return;
                 if (!IsAccountName(name)) entry.Fail("", kAccountNames);
                 webhook.accounts.emplace(name, std::move(account));
               });
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

Config ReadConfig(Section root, Mode mode) {
  Config config;
  config.mode = mode;
  root.Read(
      "listen",
      {"Address and port of the gRPC service. Port 0: any that is free.", ReloadRule::kRestart},
      config.listen);
  root.Read("default_deadline", "Deadline of a call whose caller sets none.",
            config.default_deadline, absl::Milliseconds(1));
  root.Read("max_request_bytes",
            {"Largest request message; a larger one is RESOURCE_EXHAUSTED.", ReloadRule::kRestart},
            config.max_request_bytes, 1024, int64_t{64} * 1024 * 1024);
  config.server = ReadServer(root);
  if (mode == Mode::kGateway && NeedsPlainWords(config.listen, config.server)) {
    root.Fail(
        "listen",
        "calls would cross the network in plain text: set server.tls, listen on 127.0.0.1, or "
        "set server.allow_plaintext to true");
  }
  {
    Section metrics =
        root.Child("metrics", {"Prometheus metrics, over HTTP at /metrics.", ReloadRule::kRestart});
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
            {"The REST APIs to serve, by the name of their provider in the protos: `paynow`.",
             ReloadRule::kSamePresence},
            [&](const std::string& name, Section& entry) {
              UpstreamConfig upstream = ReadUpstream(entry);
              if (entry.present()) config.upstreams.emplace(name, std::move(upstream));
            });
  if (mode == Mode::kGateway && root.present() && config.upstreams.empty())
    root.Fail("upstreams", "at least one is required");
  ReadWebhooks(root, config.webhooks);
  config.authorization = authorization::ReadConfig(root);
  {
    Section audit = root.Child("audit", {"Who did what: one JSON line for each write, and for "
                                         "each read that carries credentials.",
                                         ReloadRule::kRestart});
    audit.Read("file", "File that the lines are appended to; empty: none are kept.",
               config.audit_file);
  }
  config.ledger = ReadLedger(root);
  config.events = ReadEvents(root);
  if (mode == Mode::kWebhooks) LeaveOutAllButWebhooks(config);
  CheckTogether(root, config);
  return config;
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& file, Mode mode) {
  const std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError(absl::StrCat(file, ": ", WhyUnreadable(file)));
  return ParseConfig(file, *text, mode);
}

absl::StatusOr<Config> ParseConfig(const std::string& file, absl::string_view text, Mode mode) {
  absl::StatusOr<nlohmann::json> json = ParseJson(file, text);
  if (!json.ok()) return json.status();
  ConfigReader reader(file, *json);
  Config config = ReadConfig(reader.Root(), mode);
  const absl::Status status = reader.status();
  if (!status.ok()) return status;
  const std::string problem = AgainstTlsWithoutEffect(*json, config.server.tls);
  if (!problem.empty()) return absl::InvalidArgumentError(absl::StrCat(file, ": ", problem));
  config.file = file;
  config.text = std::string(text);
  config.ruled = reader.ruled();
  return config;
}

std::vector<ConfigReader::Key> ConfigKeys() {
  ConfigReader reader("", nlohmann::json::object());
  ReadConfig(reader.Root(), Mode::kGateway);
  return reader.keys();
}

}  // namespace gateway
