#include "service/authorization/settings.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/config/read_file.h"

namespace gateway::authorization {
namespace {

// Served beside the routes, and neither reads nor writes of an upstream.
constexpr const char* kOthers[] = {
    "gateway.webhooks.v1.WebhookService/ParseEvent",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "grpc.channelz.v1.Channelz/GetTopChannels",
    "grpc.channelz.v1.Channelz/GetServers",
    "grpc.channelz.v1.Channelz/GetServer",
    "grpc.channelz.v1.Channelz/GetServerSockets",
    "grpc.channelz.v1.Channelz/GetChannel",
    "grpc.channelz.v1.Channelz/GetSubchannel",
    "grpc.channelz.v1.Channelz/GetSocket",
};

// Served where there is a ledger. An operator's word on money is a right of its own.
constexpr const char* kLedgersReads[] = {
    "gateway.ledger.v1.LedgerService/GetEntry",
    "gateway.ledger.v1.LedgerService/ListEntries",
    "gateway.ledger.v1.LedgerService/WaitEntry",
};
constexpr char kLedgersWord[] = "gateway.ledger.v1.LedgerService/ResolveEntry";

absl::Status InSetting(absl::string_view setting, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(setting, ": ", status.message()));
}

// Refuses a file that everybody can write: its writers decide who may do what.
absl::StatusOr<std::string> ReadSetting(const std::string& file) {
  struct stat about;
  if (stat(file.c_str(), &about) == 0 && (about.st_mode & S_IWOTH) != 0) {
    return absl::InvalidArgumentError("can be written by everybody on this machine");
  }
  std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError("cannot be read");
  return *std::move(text);
}

// A file that is changed by accident must not switch everything off.
absl::StatusOr<std::shared_ptr<const Policy>> ParsePolicy(const Config& config,
                                                          const std::string& text,
                                                          const std::vector<Method>& methods,
                                                          const Settings* present) {
  auto policy = Policy::Parse(config.policy_file, text, methods);
  if (!policy.ok()) return policy.status();
  const bool enforced =
      present != nullptr && present->policy != nullptr && !present->policy->dry_run();
  if (enforced && (*policy)->dry_run()) {
    return absl::InvalidArgumentError("dry_run can be turned on by a restart alone");
  }
  return *std::move(policy);
}

absl::StatusOr<std::shared_ptr<TokenVerifier>> ParseKeys(const Config& config,
                                                         const std::string& text) {
  absl::StatusOr<KeySet> keys = KeySet::Parse(text);
  if (!keys.ok()) return keys.status();
  return std::make_shared<TokenVerifier>(TokenVerifier::Options{.issuer = config.jwt.issuer,
                                                                .audience = config.jwt.audience,
                                                                .leeway = config.jwt.leeway,
                                                                .max_life = config.jwt.max_life},
                                         *std::move(keys));
}

}  // namespace

std::vector<Method> MethodsOf(const mapping::RouteTable& routes) {
  std::vector<Method> methods;
  for (const mapping::Route& route : routes.routes()) {
    methods.push_back({std::string(absl::StripPrefix(route.rpc_path, "/")), route.provider->name(),
                       route.read ? Kind::kRead : Kind::kWrite, route.credential});
  }
  using Named = Method::Named;
  for (const char* name : kOthers) methods.push_back({name, "", Kind::kNeither});
  for (const char* name : kLedgersReads) {
    methods.push_back({name, "", Kind::kNeither, false, Named::kByService});
  }
  methods.push_back({kLedgersWord, "", Kind::kNeither, false, Named::kByName});
  return methods;
}

absl::StatusOr<std::shared_ptr<const Settings>> Load(const Config& config,
                                                     const std::vector<Method>& methods,
                                                     const Settings* present) {
  auto settings = std::make_shared<Settings>();
  if (!config.enabled()) return settings;
  const absl::StatusOr<std::string> text = ReadSetting(config.policy_file);
  if (!text.ok()) return InSetting("policy_file", text.status());
  auto policy = ParsePolicy(config, *text, methods, present);
  if (!policy.ok()) return InSetting("policy_file", policy.status());
  settings->policy = *std::move(policy);
  if (config.jwt.jwks_file.empty()) return settings;
  const absl::StatusOr<std::string> jwks = ReadSetting(config.jwt.jwks_file);
  if (!jwks.ok()) return InSetting("jwt.jwks_file", jwks.status());
  auto tokens = ParseKeys(config, *jwks);
  if (!tokens.ok()) return InSetting("jwt.jwks_file", tokens.status());
  settings->tokens = *std::move(tokens);
  return settings;
}

absl::Status ApplyPolicy(const Config& config, const std::string& text, Authorizer& authorizer) {
  const std::shared_ptr<const Settings> present = authorizer.Get();
  auto policy = ParsePolicy(config, text, authorizer.methods(), present.get());
  if (!policy.ok()) return policy.status();
  auto settings = std::make_shared<Settings>(*present);
  settings->policy = *std::move(policy);
  authorizer.Set(std::move(settings));
  return absl::OkStatus();
}

absl::Status ApplyKeys(const Config& config, const std::string& text, Authorizer& authorizer) {
  auto tokens = ParseKeys(config, text);
  if (!tokens.ok()) return tokens.status();
  auto settings = std::make_shared<Settings>(*authorizer.Get());
  settings->tokens = *std::move(tokens);
  authorizer.Set(std::move(settings));
  return absl::OkStatus();
}

}  // namespace gateway::authorization
