#include "service/generation/protos.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"

namespace gateway {

absl::StatusOr<Protos> Protos::Compile(const Config& config, const mapping::Files& files) {
  mapping::Overrides overrides;
  for (const auto& [name, upstream] : config.upstreams) overrides.emplace(name, upstream.profile);
  auto routes = mapping::RouteTable::Compile(files, overrides);
  if (!routes.ok()) return Prefixed(absl::StrCat(config.file, ": "), routes.status());
  auto schemes = webhooks::Schemes::Read(files);
  if (!schemes.ok()) return schemes.status();
  return Protos{*std::move(routes), *std::move(schemes)};
}

}  // namespace gateway
