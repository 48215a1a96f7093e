#include "service/generation/protos.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/config/prefixed.h"

namespace gateway {
namespace {

// Returns the embedded files, and those of `files` that have other names. Events are always read
// into the embedded ParseEventResponse, so the providers that this message names must be known.
mapping::Files WithEmbedded(const mapping::Files& files) {
  mapping::Files all = mapping::EmbeddedFiles();
  std::set<std::string> names;
  for (const auto* const file : all) names.insert(file->name());
  for (const auto* const file : files) {
    if (names.insert(file->name()).second) all.push_back(file);
  }
  return all;
}

}  // namespace

absl::StatusOr<Protos> Protos::Compile(const Config& config, const mapping::Files& files) {
  mapping::Overrides overrides;
  for (const auto& [name, upstream] : config.upstreams) overrides.emplace(name, upstream.profile);
  auto routes = mapping::RouteTable::Compile(files, overrides);
  if (!routes.ok()) return Prefixed(absl::StrCat(config.file, ": "), routes.status());
  auto schemes = webhooks::Schemes::Read(WithEmbedded(files));
  if (!schemes.ok()) return schemes.status();
  auto facts = webhooks::Facts::Compile(*schemes, **routes);
  if (!facts.ok()) return facts.status();
  return Protos{*std::move(routes), *std::move(schemes), *std::move(facts)};
}

}  // namespace gateway
