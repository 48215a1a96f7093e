#include "service/generation/upstream_access.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/generation/tls_files.h"
#include "service/log/log.h"
#include "service/log/log_throttle.h"
#include "upstream/http/http1_transport.h"

namespace gateway {
namespace {

// Logs at most one line a second, because an upstream that is gone is silent to every call.
http::Http1Transport::OnSilence LogSilence(const std::string& upstream) {
  return [upstream, throttle = std::make_shared<LogThrottle>(absl::Seconds(1))](
             absl::Duration waited, size_t closed) {
    const std::optional<uint64_t> left_out = throttle->Pass("", absl::Now());
    if (!left_out) return;
    Log(Severity::kWarning, "an upstream connection was silent until the deadline",
        {{"upstream", upstream},
         {"waited_ms", absl::ToInt64Milliseconds(waited)},
         {"idle_connections_closed", static_cast<int64_t>(closed)},
         {"left_out", static_cast<int64_t>(*left_out)}});
  };
}

// Reads the keys from their files and environment variables.
absl::StatusOr<Credentials> LoadCredentials(const UpstreamConfig& upstream) {
  std::string default_key;
  if (!upstream.api_key.empty()) {
    absl::StatusOr<std::string> key = ReadKey(upstream.api_key);
    if (!key.ok()) return Prefixed(".api_key.", key.status());
    default_key = *std::move(key);
  }
  absl::flat_hash_map<std::string, std::string> store_keys;
  for (const auto& [store, source] : upstream.store_keys) {
    absl::StatusOr<std::string> key = ReadKey(source);
    if (!key.ok()) return Prefixed(absl::StrCat(".stores.", store, ".api_key."), key.status());
    store_keys.emplace(store, *std::move(key));
  }
  return Credentials(std::move(default_key), std::move(store_keys));
}

// The options of the pool, with certificates, keys and passwords read from their files.
absl::StatusOr<http::Options> LoadPool(const UpstreamConfig& upstream) {
  http::Options pool = upstream.pool;
  absl::StatusOr<http::TlsOptions> tls = LoadUpstreamTls(upstream.tls);
  if (!tls.ok()) return Prefixed(".", tls.status());
  pool.tls = *std::move(tls);
  pool.proxy = {.url = upstream.proxy.url, .user = upstream.proxy.user, .password = ""};
  if (upstream.proxy.password_file.empty()) return pool;
  absl::StatusOr<std::string> password = ReadKey({.file = upstream.proxy.password_file, .env = ""});
  if (!password.ok()) return Prefixed(".proxy.password_", password.status());
  pool.proxy.password = *std::move(password);
  return pool;
}

// A client with a pool of its own.
absl::StatusOr<std::shared_ptr<Client>> MakeClient(const std::string& name,
                                                   const UpstreamConfig& section,
                                                   const http::Options& pool,
                                                   std::shared_ptr<UpstreamCounters> counters) {
  const absl::Status base_url = Client::CheckBaseUrl(section.options.base_url);
  if (!base_url.ok()) return Prefixed(".base_url: ", base_url);
  absl::StatusOr<std::unique_ptr<http::Http1Transport>> transport =
      http::Http1Transport::Create(section.options.base_url, pool, LogSilence(name));
  if (!transport.ok()) return Prefixed(": ", transport.status());
  absl::StatusOr<std::unique_ptr<Client>> client =
      Client::Create(section.options, *std::move(transport), std::move(counters));
  if (!client.ok()) return Prefixed(": ", client.status());
  return client;
}

}  // namespace

absl::StatusOr<UpstreamAccess> LoadUpstream(const std::string& name, const UpstreamConfig& section,
                                            const UpstreamConfig* section_before,
                                            const UpstreamAccess* before) {
  absl::StatusOr<http::Options> pool = LoadPool(section);
  if (!pool.ok()) return pool.status();
  absl::StatusOr<Credentials> credentials = LoadCredentials(section);
  if (!credentials.ok()) return credentials.status();
  const bool same = before != nullptr && section == *section_before && *pool == before->pool;
  if (same && *credentials == *before->credentials) return *before;

  UpstreamAccess access{
      .name = name,
      .client = same ? before->client : nullptr,
      .credentials = std::make_shared<const Credentials>(*std::move(credentials)),
      .pool = *std::move(pool),
      .harmless_repeats = {section.harmless_repeats.begin(), section.harmless_repeats.end()}};
  if (same) return access;
  auto client = MakeClient(name, section, access.pool,
                           before == nullptr ? std::make_shared<UpstreamCounters>()
                                             : before->client->upstream().shared_counters);
  if (!client.ok()) return client.status();
  access.client = *std::move(client);
  return access;
}

}  // namespace gateway
