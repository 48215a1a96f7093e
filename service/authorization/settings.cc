#include "service/authorization/settings.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/config/read_file.h"

namespace gateway::authorization {
namespace {

// The gateway's own methods that are always known. They neither read nor write at an upstream.
constexpr const char* kOthers[] = {
    "gateway.webhooks.v1.WebhookService/ParseEvent",
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "grpc.channelz.v1.Channelz/GetTopChannels",
    "grpc.channelz.v1.Channelz/GetServers",
    "grpc.channelz.v1.Channelz/GetServer",
    "grpc.channelz.v1.Channelz/GetServerSockets",
    "grpc.channelz.v1.Channelz/GetChannel",
    "grpc.channelz.v1.Channelz/GetSubchannel",
    "grpc.channelz.v1.Channelz/GetSocket",
};

// Methods that are served if there is a ledger. A rule must name ResolveEntry in full, because with
// this method an operator decides about money.
constexpr const char* kLedgersReads[] = {
    "gateway.ledger.v1.LedgerService/GetEntry",
    "gateway.ledger.v1.LedgerService/ListEntries",
    "gateway.ledger.v1.LedgerService/WaitEntry",
};
constexpr char kLedgersWord[] = "gateway.ledger.v1.LedgerService/ResolveEntry";

// Methods that are served if there is a log of events.
constexpr const char* kEvents[] = {
    "gateway.events.v1.EventService/Pull",
    "gateway.events.v1.EventService/StreamingPull",
    "gateway.events.v1.EventService/Acknowledge",
    "gateway.events.v1.EventService/ModifyAckDeadline",
    "gateway.events.v1.EventService/ListDeadLetters",
    "gateway.events.v1.EventService/Redeliver",
    "gateway.events.v1.EventService/Seek",
};

absl::Status InSetting(absl::string_view setting, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(setting, ": ", status.message()));
}

}  // namespace

std::vector<Method> MethodsOf(const mapping::RouteTable& routes) {
  std::vector<Method> methods;
  for (const mapping::Route& route : routes.routes()) {
    methods.push_back({std::string(absl::StripPrefix(route.rpc_path, "/")), route.provider->name(),
                       route.access == mapping::Access::kRead ? Kind::kRead : Kind::kWrite,
                       route.credential});
  }
  for (const mapping::PagedList& list : routes.lists()) {
    methods.push_back({std::string(absl::StripPrefix(list.rpc_path, "/")),
                       list.page->provider->name(), Kind::kRead, list.page->credential});
  }
  using Named = Method::Named;
  for (const char* name : kOthers) methods.push_back({name, "", Kind::kNeither});
  for (const char* name : kLedgersReads) {
    methods.push_back({name, "", Kind::kNeither, false, Named::kByService});
  }
  methods.push_back({kLedgersWord, "", Kind::kNeither, false, Named::kByName});
  for (const char* name : kEvents) {
    methods.push_back(
        {name, "", Kind::kNeither, false, Named::kByService, /*of_subscriptions=*/true});
  }
  return methods;
}

// Refuses to turn dry_run on while a policy is enforced: a file that is changed by accident must
// not switch all checks off.
absl::Status LoadPolicy(const Config& config, const std::vector<Method>& methods,
                        Settings& settings) {
  absl::StatusOr<std::string> text = ReadTrustedFile(config.policy_file);
  if (!text.ok()) return text.status();
  if (settings.policy != nullptr && *text == settings.policy_text) return absl::OkStatus();
  auto policy = Policy::Parse(config.policy_file, *text, methods);
  if (!policy.ok()) return policy.status();
  const bool enforced = settings.policy != nullptr && !settings.policy->dry_run();
  if (enforced && (*policy)->dry_run()) {
    return absl::InvalidArgumentError("dry_run can be turned on by a restart alone");
  }
  settings.policy = *std::move(policy);
  settings.policy_text = *std::move(text);
  return absl::OkStatus();
}

absl::Status LoadKeys(const Config& config, Settings& settings) {
  absl::StatusOr<std::string> text = ReadTrustedFile(config.jwt.jwks_file);
  if (!text.ok()) return text.status();
  if (settings.tokens != nullptr && *text == settings.keys_text && config.jwt == settings.jwt) {
    return absl::OkStatus();
  }
  absl::StatusOr<KeySet> keys = KeySet::Parse(*text);
  if (!keys.ok()) return keys.status();
  settings.tokens =
      std::make_shared<TokenVerifier>(TokenVerifier::Options{.issuer = config.jwt.issuer,
                                                             .audience = config.jwt.audience,
                                                             .leeway = config.jwt.leeway,
                                                             .max_life = config.jwt.max_life},
                                      *std::move(keys));
  settings.keys_text = *std::move(text);
  settings.jwt = config.jwt;
  return absl::OkStatus();
}

void SetClientAuthorities(const ClientAuthorities& authorities, Settings& settings) {
  if (authorities == settings.client_cas) return;
  settings.certificates = std::make_shared<PeerCertificates>();
  settings.certificates->SetAuthorities(authorities);
  settings.client_cas = authorities;
}

absl::StatusOr<std::shared_ptr<const Settings>> Load(const Config& config,
                                                     const ClientAuthorities& client_cas,
                                                     const std::vector<Method>& methods,
                                                     const Settings* present) {
  auto settings =
      present == nullptr ? std::make_shared<Settings>() : std::make_shared<Settings>(*present);
  SetClientAuthorities(client_cas, *settings);
  if (!config.enabled()) return settings;
  const absl::Status policy = LoadPolicy(config, methods, *settings);
  if (!policy.ok()) return InSetting("policy_file", policy);
  if (config.jwt.jwks_file.empty()) {
    settings->tokens = nullptr;
    return settings;
  }
  const absl::Status keys = LoadKeys(config, *settings);
  if (!keys.ok()) return InSetting("jwt.jwks_file", keys);
  return settings;
}

}  // namespace gateway::authorization
