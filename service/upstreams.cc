#include "service/upstreams.h"

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "upstream/http/curl_transport.h"

namespace gateway {

absl::Status Prefixed(absl::string_view prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, status.message()));
}

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

absl::StatusOr<std::unique_ptr<Client>> MakeClient(const UpstreamConfig& upstream,
                                                   std::shared_ptr<UpstreamCounters> counters) {
  absl::StatusOr<Credentials> credentials = LoadCredentials(upstream);
  if (!credentials.ok()) return credentials.status();
  absl::StatusOr<std::unique_ptr<http::CurlTransport>> transport =
      http::CurlTransport::Create(upstream.pool);
  if (!transport.ok()) return Prefixed(": ", transport.status());
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(
      upstream.options, *std::move(credentials), [upstream] { return LoadCredentials(upstream); },
      *std::move(transport), std::move(counters));
  if (!client.ok()) return Prefixed(".base_url: ", client.status());
  return client;
}

}  // namespace gateway
