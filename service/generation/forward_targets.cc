#include "service/generation/forward_targets.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/config/config.h"
#include "service/config/prefixed.h"
#include "service/config/read_file.h"
#include "service/events/forward/http_target.h"
#include "service/events/forward/nats_target.h"
#include "service/generation/tls_files.h"
#include "upstream/http/http1_transport.h"
#include "upstream/http/origin.h"

namespace gateway {
namespace {

// The limits of an answer. What is beyond them is not read; the status counts.
constexpr size_t kMostHeaderBytes = size_t{16} * 1024;
constexpr size_t kMostBodyBytes = size_t{64} * 1024;

// Each thread waits for one answer of the server at a time.
constexpr size_t kMostNatsThreads = 8;

absl::StatusOr<events::Signer> LoadSigner(const HttpForwardConfig& config) {
  std::vector<std::string> secrets;
  for (const auto& [name, source] : config.secrets) {
    absl::StatusOr<std::string> secret = ReadKey(source);
    if (!secret.ok()) return Prefixed(absl::StrCat(name, "."), secret.status());
    secrets.push_back(*std::move(secret));
    // Each secret is tried alone, so that the error can name it.
    auto alone = events::Signer::Create({secrets.back()});
    if (!alone.ok()) return Prefixed(absl::StrCat(name, ": "), alone.status());
  }
  return events::Signer::Create(secrets);
}

absl::StatusOr<http::Options> LoadPool(const ForwardConfig& config) {
  http::Options pool;
  pool.max_connections = static_cast<int>(config.max_in_flight);
  pool.max_header_bytes = kMostHeaderBytes;
  pool.max_body_bytes = kMostBodyBytes;
  absl::StatusOr<http::TlsOptions> tls = LoadUpstreamTls(config.http.tls);
  if (!tls.ok()) return tls.status();
  pool.tls = *std::move(tls);
  const ProxyConfig& proxy = config.http.proxy;
  pool.proxy = {.url = proxy.url, .user = proxy.user, .password = ""};
  if (proxy.password_file.empty()) return pool;
  absl::StatusOr<std::string> password = ReadKey({.file = proxy.password_file, .env = ""});
  if (!password.ok()) return Prefixed("proxy.password_", password.status());
  pool.proxy.password = *std::move(password);
  return pool;
}

absl::StatusOr<ForwardTarget> LoadHttp(const ForwardConfig& config, const ForwardTarget* before) {
  if (absl::Status url = http::Origin::Check(config.http.url); !url.ok()) {
    return Prefixed("url: ", url);
  }
  absl::StatusOr<events::Signer> signer = LoadSigner(config.http);
  if (!signer.ok()) return Prefixed("secrets.", signer.status());
  absl::StatusOr<http::Options> pool = LoadPool(config);
  if (!pool.ok()) return pool.status();
  const bool same_pool = before != nullptr && before->pool == *pool;
  if (same_pool && *before->signer == *signer) return *before;
  ForwardTarget target;
  target.pool = *std::move(pool);
  target.signer = std::make_shared<const events::Signer>(*std::move(signer));
  if (same_pool) {
    target.transport = before->transport;
  } else {
    auto transport = http::Http1Transport::Create(config.http.url, target.pool);
    if (!transport.ok()) return transport.status();
    target.transport = *std::move(transport);
  }
  target.target =
      std::make_shared<events::HttpTarget>(config.http.url, target.transport, target.signer);
  return target;
}

absl::StatusOr<events::NatsOptions> LoadNatsOptions(const ForwardConfig& config) {
  const NatsForwardConfig& nats = config.nats;
  events::NatsOptions options;
  for (const std::string& server : nats.servers) {
    if (absl::Status status = events::CheckNatsServer(server); !status.ok()) {
      return Prefixed("servers: ", status);
    }
  }
  options.servers = nats.servers;
  options.stream = nats.stream;
  options.subject = nats.subject;
  options.threads = std::min(static_cast<size_t>(config.max_in_flight), kMostNatsThreads);
  options.longest_pause = config.max_wait;
  absl::StatusOr<http::TlsOptions> tls = LoadUpstreamTls(nats.tls);
  if (!tls.ok()) return tls.status();
  options.tls = *std::move(tls);
  options.user = nats.user;
  options.credentials_file = nats.credentials_file;
  if (!nats.password_file.empty()) {
    absl::StatusOr<std::string> password = ReadKey({.file = nats.password_file, .env = ""});
    if (!password.ok()) return Prefixed("password_", password.status());
    options.password = *std::move(password);
  }
  if (nats.credentials_file.empty()) return options;
  std::optional<std::string> credentials = ReadFile(nats.credentials_file);
  if (!credentials) {
    return absl::NotFoundError(
        absl::StrCat("credentials_file: ", WhyUnreadable(nats.credentials_file)));
  }
  options.credentials = *std::move(credentials);
  return options;
}

absl::StatusOr<ForwardTarget> LoadNats(const ForwardConfig& config, const ForwardTarget* before) {
  absl::StatusOr<events::NatsOptions> options = LoadNatsOptions(config);
  if (!options.ok()) return options.status();
  if (before != nullptr && before->nats == *options) return *before;
  ForwardTarget target;
  target.nats = *options;
  auto nats = events::NatsTarget::Create(*std::move(options));
  if (!nats.ok()) return nats.status();
  target.target = *std::move(nats);
  return target;
}

}  // namespace

absl::StatusOr<ForwardTargets> LoadForwardTargets(const EventsConfig& config,
                                                  const ForwardTargets* before) {
  ForwardTargets targets;
  for (const auto& [name, forward] : config.forward) {
    const ForwardTarget* const last = before == nullptr ? nullptr : &before->at(name);
    const bool nats = !forward.nats.servers.empty();
    auto target = nats ? LoadNats(forward, last) : LoadHttp(forward, last);
    if (!target.ok()) {
      return Prefixed(absl::StrCat("forward.", name, nats ? ".nats." : ".http."), target.status());
    }
    targets.emplace(name, *std::move(target));
  }
  return targets;
}

}  // namespace gateway
