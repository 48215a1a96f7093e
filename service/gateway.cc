#include "service/gateway.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "upstream/credentials.h"
#include "upstream/http/curl_transport.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

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

absl::StatusOr<std::unique_ptr<Client>> MakeClient(const UpstreamConfig& upstream) {
  absl::StatusOr<Credentials> credentials = LoadCredentials(upstream);
  if (!credentials.ok()) return credentials.status();
  absl::StatusOr<std::unique_ptr<http::CurlTransport>> transport =
      http::CurlTransport::Create(upstream.pool);
  if (!transport.ok()) return Prefixed(": ", transport.status());
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Create(
      upstream.options, *std::move(credentials), [upstream] { return LoadCredentials(upstream); },
      *std::move(transport));
  if (!client.ok()) return Prefixed(".base_url: ", client.status());
  return client;
}

}  // namespace

absl::Status Gateway::MakeRoutes() {
  auto routes = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  if (!routes.ok()) return routes.status();
  routes_ = *std::move(routes);
  return absl::OkStatus();
}

absl::Status Gateway::MakeClients() {
  for (const auto& [name, upstream] : config_.upstreams) {
    const std::string place = absl::StrCat(config_.file, ": upstreams.", name);
    bool known = false;
    for (const mapping::Route& route : routes_->routes()) known |= route.provider->name() == name;
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat(place, ": no proto has a provider of this name"));
    }
    absl::StatusOr<std::unique_ptr<Client>> client = MakeClient(upstream);
    if (!client.ok()) return Prefixed(place, client.status());
    clients_.emplace(name, *std::move(client));
  }
  return absl::OkStatus();
}

// Of upstreams that the configuration leaves out, nothing is served.
std::vector<Endpoint> Gateway::MakeEndpoints() {
  std::vector<Endpoint> endpoints;
  for (const mapping::Route& route : routes_->routes()) {
    const auto client = clients_.find(route.provider->name());
    if (client == clients_.end()) continue;
    endpoints.push_back(
        {&route, client->second.get(), &drift_, &in_flight_, config_.default_deadline});
  }
  return endpoints;
}

absl::Status Gateway::Check(const Config& config) {
  Gateway gateway(config);
  const absl::Status status = gateway.MakeRoutes();
  return status.ok() ? gateway.MakeClients() : status;
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(const Config& config) {
  std::unique_ptr<Gateway> gateway(new Gateway(config));
  absl::Status status = gateway->MakeRoutes();
  if (status.ok()) status = gateway->MakeClients();
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(
      {config.listen, config.max_request_bytes}, gateway->MakeEndpoints(), gateway->in_flight_);
  if (!server.ok()) return Prefixed(absl::StrCat(config.file, ": listen: "), server.status());
  gateway->server_ = *std::move(server);
  return gateway;
}

void Gateway::Drain() { server_->Drain(config_.drain_delay, config_.drain_grace); }

}  // namespace gateway
