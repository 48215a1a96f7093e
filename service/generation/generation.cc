#include "service/generation/generation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/authorization/settings.h"
#include "service/config/config_checks.h"
#include "service/config/prefixed.h"
#include "service/generation/open_events.h"
#include "service/generation/open_ledger.h"
#include "service/generation/webhooks.h"

namespace gateway {
namespace {

bool SameUpstreams(const Config& a, const Config& b) {
  return std::equal(a.upstreams.begin(), a.upstreams.end(), b.upstreams.begin(), b.upstreams.end(),
                    [](const auto& one, const auto& other) { return one.first == other.first; });
}

// A file that is changed by accident must not switch a check off.
absl::Status CheckNotWeaker(const Config& now, const Config& next) {
  const auto refuse = [](absl::string_view key) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": can be turned on by a restart alone"));
  };
  for (const auto& [name, upstream] : next.upstreams) {
    if (upstream.allow_plaintext && !now.upstreams.at(name).allow_plaintext) {
      return refuse(absl::StrCat("upstreams.", name, ".allow_plaintext"));
    }
    if (upstream.options.accept_caller_keys && !now.upstreams.at(name).options.accept_caller_keys) {
      return refuse(absl::StrCat("upstreams.", name, ".accept_caller_keys"));
    }
  }
  for (const auto& [provider, webhook] : next.webhooks.providers) {
    const auto before = now.webhooks.providers.find(provider);
    const bool allowed = before != now.webhooks.providers.end() && before->second.allow_unsigned;
    if (webhook.allow_unsigned && !allowed) {
      return refuse(absl::StrCat("webhooks.providers.", provider, ".allow_unsigned"));
    }
  }
  return absl::OkStatus();
}

// What is fixed when the gateway begins to listen.
absl::Status CheckChangeable(const Config& now, const Config& next) {
  const auto refuse = [](absl::string_view key) {
    return absl::InvalidArgumentError(absl::StrCat(key, ": cannot change without a restart"));
  };
  if (next.listen != now.listen) return refuse("listen");
  if (next.max_request_bytes != now.max_request_bytes) return refuse("max_request_bytes");
  if (next.metrics_listen != now.metrics_listen) return refuse("metrics.listen");
  if (next.health != now.health) return refuse("health");
  if (next.tracing != now.tracing) return refuse("tracing");
  if (next.audit_file != now.audit_file) return refuse("audit.file");
  if (next.ledger != now.ledger) return refuse("ledger");
  if (next.events != now.events) return refuse("events");
  if (next.webhooks.receiver != now.webhooks.receiver) return refuse("webhooks.listen");
  if (next.server != now.server) return refuse("server");
  if (next.authorization.enabled() != now.authorization.enabled()) return refuse("authorization");
  if (!SameUpstreams(now, next)) return refuse("upstreams");
  for (const auto& [name, upstream] : next.upstreams) {
    if (upstream.profile == now.upstreams.at(name).profile) continue;
    return refuse(absl::StrCat("upstreams.", name, ".profile"));
  }
  return CheckNotWeaker(now, next);
}

absl::Status CheckProviders(const Config& config, const mapping::RouteTable& routes) {
  for (const auto& [name, upstream] : config.upstreams) {
    const bool known =
        std::any_of(routes.routes().begin(), routes.routes().end(),
                    [&](const mapping::Route& route) { return route.provider->name() == name; });
    if (known) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("upstreams.", name, ": no proto has a provider of this name"));
  }
  return absl::OkStatus();
}

absl::Status LoadUpstreams(const Config& config, const Generation* before, Generation& generation) {
  for (const auto& [name, section] : config.upstreams) {
    const size_t position = generation.upstreams.size();
    absl::StatusOr<UpstreamAccess> access =
        before == nullptr ? LoadUpstream(name, section, nullptr, nullptr)
                          : LoadUpstream(name, section, &before->config.upstreams.at(name),
                                         &before->upstreams[position]);
    if (!access.ok()) return Prefixed(absl::StrCat("upstreams.", name), access.status());
    generation.upstreams.push_back(*std::move(access));
  }
  return absl::OkStatus();
}

absl::Status LoadServerTls(const Config& config, const Generation* before, Generation& generation) {
  if (!config.server.tls.enabled()) return absl::OkStatus();
  auto material = LoadTls(config.server.tls);
  if (!material.ok()) return Prefixed("server.tls.", material.status());
  const bool same = before != nullptr && **material == *before->tls;
  generation.tls = same ? before->tls : *std::move(material);
  return absl::OkStatus();
}

absl::Status LoadWebhookSettings(const Config& config, const webhooks::Schemes& schemes,
                                 Generation& generation) {
  auto settings = LoadWebhooks(config.webhooks, schemes);
  if (!settings.ok()) return Prefixed("webhooks.", settings.status());
  generation.webhooks = *std::move(settings);
  return absl::OkStatus();
}

absl::Status LoadAuthorization(const Config& config, const mapping::RouteTable& routes,
                               const Generation* before, Generation& generation) {
  auto settings = authorization::Load(
      config.authorization,
      generation.tls == nullptr ? authorization::ClientAuthorities() : generation.tls->client_cas,
      authorization::MethodsOf(routes), before == nullptr ? nullptr : before->authorization.get());
  if (!settings.ok()) return Prefixed("authorization.", settings.status());
  generation.authorization = *std::move(settings);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Generation>> Load(const Config& config, const Protos& protos,
                                                       const Generation* before) {
  const mapping::RouteTable& routes = *protos.routes;
  auto generation = std::make_shared<Generation>();
  generation->config = config;
  absl::Status status = CheckOwnFile(config);
  if (status.ok()) status = CheckProviders(config, routes);
  if (status.ok()) status = CheckUpstreams(config, routes.routes());
  if (status.ok()) status = CheckAgreement(config);
  if (status.ok()) status = CheckAuthorities(config);
  if (status.ok() && before != nullptr) status = CheckChangeable(before->config, config);
  if (status.ok()) status = Prefixed("ledger.", CheckLedger(config.ledger));
  if (status.ok()) status = Prefixed("events.", CheckEvents(config.events));
  if (status.ok()) status = LoadWebhookSettings(config, protos.schemes, *generation);
  if (status.ok()) status = LoadServerTls(config, before, *generation);
  if (status.ok()) status = LoadAuthorization(config, routes, before, *generation);
  // Last: a client has threads, which nobody needs where something else is wrong.
  if (status.ok()) status = LoadUpstreams(config, before, *generation);
  if (!status.ok()) return Prefixed(absl::StrCat(config.file, ": "), status);
  return generation;
}

}  // namespace gateway
