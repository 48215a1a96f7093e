#include "service/authorization/settings.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/read_file.h"

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

absl::StatusOr<std::string> ReadSetting(absl::string_view setting, const std::string& file) {
  std::optional<std::string> text = ReadFile(file);
  if (!text) return absl::NotFoundError(absl::StrCat(setting, ": cannot be read"));
  return *std::move(text);
}

}  // namespace

std::vector<Method> MethodsOf(const mapping::RouteTable& routes) {
  std::vector<Method> methods;
  for (const mapping::Route& route : routes.routes()) {
    methods.push_back({std::string(absl::StripPrefix(route.rpc_path, "/")), route.provider->name(),
                       route.read ? Kind::kRead : Kind::kWrite, route.credential});
  }
  for (const char* name : kOthers) methods.push_back({name, "", Kind::kNeither});
  return methods;
}

absl::StatusOr<std::shared_ptr<const Settings>> Load(const Config& config,
                                                     const std::vector<Method>& methods) {
  auto settings = std::make_shared<Settings>();
  if (!config.enabled()) return settings;
  const absl::StatusOr<std::string> text = ReadSetting("policy_file", config.policy_file);
  if (!text.ok()) return text.status();
  auto policy = Policy::Parse(config.policy_file, *text, methods);
  if (!policy.ok()) {
    return absl::Status(policy.status().code(),
                        absl::StrCat("policy_file: ", policy.status().message()));
  }
  settings->policy = *std::move(policy);
  if (config.jwt.jwks_file.empty()) return settings;
  const absl::StatusOr<std::string> jwks = ReadSetting("jwt.jwks_file", config.jwt.jwks_file);
  if (!jwks.ok()) return jwks.status();
  absl::StatusOr<KeySet> keys = KeySet::Parse(*jwks);
  if (!keys.ok()) {
    return absl::Status(keys.status().code(),
                        absl::StrCat("jwt.jwks_file: ", keys.status().message()));
  }
  settings->tokens =
      std::make_unique<TokenVerifier>(TokenVerifier::Options{.issuer = config.jwt.issuer,
                                                             .audience = config.jwt.audience,
                                                             .leeway = config.jwt.leeway},
                                      *std::move(keys));
  return settings;
}

}  // namespace gateway::authorization
