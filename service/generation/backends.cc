#include "service/generation/backends.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"
#include "service/generation/upstreams.h"

namespace gateway {
namespace {

std::string PlaceOf(const Config& config, const std::string& upstream) {
  return absl::StrCat(config.file, ": upstreams.", upstream);
}

bool SameUpstreams(const Config& a, const Config& b) {
  return std::equal(a.upstreams.begin(), a.upstreams.end(), b.upstreams.begin(), b.upstreams.end(),
                    [](const auto& one, const auto& other) { return one.first == other.first; });
}

// What is fixed when the gateway begins to listen.
absl::Status CheckChangeable(const Config& now, const Config& next) {
  const auto refuse = [&](absl::string_view key) {
    return absl::InvalidArgumentError(
        absl::StrCat(next.file, ": ", key, ": cannot change without a restart"));
  };
  if (next.listen != now.listen) return refuse("listen");
  if (next.max_request_bytes != now.max_request_bytes) return refuse("max_request_bytes");
  if (next.metrics_listen != now.metrics_listen) return refuse("metrics.listen");
  if (next.health != now.health) return refuse("health");
  if (next.tracing != now.tracing) return refuse("tracing");
  if (next.audit_file != now.audit_file) return refuse("audit.file");
  if (next.ledger != now.ledger) return refuse("ledger");
  if (next.server != now.server) return refuse("server");
  if (next.authorization.enabled() != now.authorization.enabled()) return refuse("authorization");
  if (!SameUpstreams(now, next)) return refuse("upstreams");
  for (const auto& [name, upstream] : next.upstreams) {
    if (upstream.profile == now.upstreams.at(name).profile) continue;
    return refuse(absl::StrCat("upstreams.", name, ".profile"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Backends>> Backends::Create(const Config& config) {
  std::unique_ptr<Backends> backends(new Backends(config));
  for (const auto& [name, upstream] : config.upstreams) {
    absl::StatusOr<http::Options> pool = LoadPool(upstream);
    if (!pool.ok()) return Prefixed(PlaceOf(config, name), pool.status());
    auto counters = std::make_shared<UpstreamCounters>();
    absl::StatusOr<std::unique_ptr<Client>> client = MakeClient(name, upstream, *pool, counters);
    if (!client.ok()) return Prefixed(PlaceOf(config, name), client.status());
    backends->entries_.try_emplace(name, Backend{*std::move(client), config.default_deadline},
                                   *std::move(pool), std::move(counters));
  }
  return backends;
}

const BackendSlot* Backends::Find(const std::string& upstream) const {
  const auto found = entries_.find(upstream);
  return found == entries_.end() ? nullptr : &found->second.slot;
}

absl::StatusOr<Backends::Change> Backends::Prepare(const std::string& name,
                                                   const UpstreamConfig& upstream) const {
  Change change;
  absl::StatusOr<http::Options> pool = LoadPool(upstream);
  if (!pool.ok()) return pool.status();
  const Entry& present = entries_.at(name);
  if (upstream == config_.upstreams.at(name) && *pool == present.pool) {
    absl::StatusOr<Credentials> credentials = LoadCredentials(upstream);
    if (!credentials.ok()) return credentials.status();
    change.credentials = std::make_unique<Credentials>(*std::move(credentials));
    return change;
  }
  absl::StatusOr<std::unique_ptr<Client>> client =
      MakeClient(name, upstream, *pool, present.counters);
  if (!client.ok()) return client.status();
  change.client = *std::move(client);
  change.pool = *std::move(pool);
  return change;
}

absl::Status Backends::Apply(const Config& config) {
  if (absl::Status status = CheckChangeable(config_, config); !status.ok()) return status;
  std::map<std::string, Change> changes;
  for (const auto& [name, upstream] : config.upstreams) {
    absl::StatusOr<Change> change = Prepare(name, upstream);
    if (!change.ok()) return Prefixed(PlaceOf(config, name), change.status());
    changes.emplace(name, *std::move(change));
  }
  for (auto& [name, change] : changes) {
    Entry& entry = entries_.at(name);
    if (change.credentials) entry.client->ReplaceCredentials(std::move(*change.credentials));
    if (change.client) {
      retired_.push_back(std::exchange(entry.client, std::move(change.client)));
      entry.pool = std::move(change.pool);
    }
    entry.slot.Set({entry.client, config.default_deadline});
  }
  config_ = config;
  return absl::OkStatus();
}

void Backends::Reap() {
  std::erase_if(retired_, [](const auto& client) { return client.use_count() == 1; });
}

}  // namespace gateway
