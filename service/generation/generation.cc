#include "service/generation/generation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/authorization/settings.h"
#include "service/config/config_checks.h"
#include "service/config/prefixed.h"
#include "service/generation/open_events.h"
#include "service/generation/open_ledger.h"
#include "service/generation/sweepers.h"
#include "service/generation/webhooks.h"

namespace gateway {
namespace {

absl::Status CheckProviders(const Config& config, const mapping::RouteTable& routes) {
  for (const auto& [name, upstream] : config.upstreams) {
    const bool known = std::any_of(routes.routes().begin(), routes.routes().end(),
                                   [&provider = name](const mapping::Route& route) {
                                     return route.provider->name() == provider;
                                   });
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

absl::Status LoadForward(const Config& config, const Generation* before, Generation& generation) {
  auto targets = LoadForwardTargets(config.events, before == nullptr ? nullptr : &before->forward);
  if (!targets.ok()) return Prefixed("events.", targets.status());
  generation.forward = *std::move(targets);
  return absl::OkStatus();
}

absl::Status LoadWebhookSettings(const Config& config, const webhooks::Schemes& schemes,
                                 Generation& generation) {
  auto settings = LoadWebhooks(config.webhooks, schemes);
  if (!settings.ok()) return Prefixed("webhooks.", settings.status());
  generation.webhooks = *std::move(settings);
  return absl::OkStatus();
}

absl::Status LoadReceiverTls(const Config& config, const Generation* before,
                             Generation& generation) {
  const ReceiverConfig& receiver = config.webhooks.receiver;
  if (receiver.certificate_file.empty()) return absl::OkStatus();
  TlsConfig files;
  files.certificate_file = receiver.certificate_file;
  files.key_file = receiver.key_file;
  auto material = LoadTls(files);
  if (!material.ok()) return Prefixed("webhooks.", material.status());
  const bool same = before != nullptr && **material == *before->receiver_tls;
  generation.receiver_tls = same ? before->receiver_tls : *std::move(material);
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
  if (status.ok()) status = CheckRequiredKeys(config, routes.routes());
  if (status.ok()) status = CheckAgreement(config);
  if (status.ok()) status = CheckAuthorities(config);
  if (status.ok() && before != nullptr) status = CheckReload(before->config.ruled, config.ruled);
  if (status.ok()) status = Prefixed("ledger.", CheckLedger(config.ledger));
  if (status.ok()) status = Prefixed("events.", CheckEvents(config.events));
  if (status.ok()) status = Prefixed("events.", CheckSweeps(config, protos));
  if (status.ok()) status = LoadWebhookSettings(config, protos.schemes, *generation);
  if (status.ok()) status = LoadReceiverTls(config, before, *generation);
  if (status.ok()) status = LoadServerTls(config, before, *generation);
  if (status.ok()) status = LoadAuthorization(config, routes, before, *generation);
  // Last, because clients start threads, which would be useless if anything else is wrong.
  if (status.ok()) status = LoadForward(config, before, *generation);
  if (status.ok()) status = LoadUpstreams(config, before, *generation);
  if (!status.ok()) return Prefixed(absl::StrCat(config.file, ": "), status);
  return generation;
}

}  // namespace gateway
