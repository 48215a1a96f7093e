#include "upstream/mapping/route.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"
#include "upstream/mapping/route_compiler.h"

namespace gateway::mapping {
namespace {

using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

using ProviderByPackage = absl::flat_hash_map<std::string, ConfiguredProvider>;

absl::Status InFile(const FileDescriptor& file, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(file.name(), ": ", reason));
}

// Stores the providers, with the configuration's overrides applied, in `providers`.
absl::StatusOr<ProviderByPackage> FindProviders(const std::vector<const FileDescriptor*>& files,
                                                const Overrides& overrides,
                                                std::deque<v1::Provider>& providers) {
  static const ProfileOverrides& none = *new ProfileOverrides;
  ProviderByPackage by_package;
  for (const FileDescriptor* file : files) {
    if (!file->options().HasExtension(v1::provider)) continue;
    const v1::Provider& stated = file->options().GetExtension(v1::provider);
    const auto configured = overrides.find(stated.name());
    const ProfileOverrides& own = configured == overrides.end() ? none : configured->second;
    absl::StatusOr<v1::Provider> provider = MakeProfile(stated, own);
    if (!provider.ok()) return InFile(*file, provider.status().message());
    providers.push_back(*std::move(provider));
    if (!by_package.emplace(file->package(), ConfiguredProvider{&providers.back(), &own}).second) {
      return InFile(*file, absl::StrCat("package ", file->package(), " has two providers"));
    }
  }
  return by_package;
}

WireNames AllWireNames(const Overrides& overrides) {
  WireNames names;
  for (const auto& [provider, own] : overrides) {
    names.insert(own.wire_names.begin(), own.wire_names.end());
  }
  return names;
}

// Refuses an override of an RPC or field that does not exist: it is a mistake.
absl::Status CheckNames(const std::vector<const FileDescriptor*>& files,
                        const Overrides& overrides) {
  if (files.empty()) return absl::OkStatus();
  const google::protobuf::DescriptorPool& pool = *files.front()->pool();
  for (const auto& [provider, own] : overrides) {
    for (const auto& [name, rule] : own.operations) {
      if (pool.FindMethodByName(name) == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(provider, ": there is no RPC ", name));
      }
    }
    for (const auto& [name, wire_name] : own.wire_names) {
      if (pool.FindFieldByName(name) == nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(provider, ": there is no field ", name));
      }
    }
  }
  return absl::OkStatus();
}

std::vector<const ServiceDescriptor*> SortedServices(
    const std::vector<const FileDescriptor*>& files) {
  std::vector<const ServiceDescriptor*> services;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  std::sort(services.begin(), services.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  return services;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const RouteTable>> RouteTable::Compile(
    const std::vector<const FileDescriptor*>& files, const Overrides& overrides) {
  absl::Status status = CheckNames(files, overrides);
  if (!status.ok()) return status;
  std::unique_ptr<RouteTable> table(new RouteTable(AllWireNames(overrides)));
  absl::StatusOr<ProviderByPackage> providers = FindProviders(files, overrides, table->providers_);
  if (!providers.ok()) return providers.status();
  for (const ServiceDescriptor* service : SortedServices(files)) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor& method = *service->method(i);
      if (!method.options().HasExtension(google::api::http)) continue;
      const auto provider = providers->find(service->file()->package());
      if (provider == providers->end()) {
        return absl::InvalidArgumentError(absl::StrCat(method.full_name(), ": no file of package ",
                                                       service->file()->package(),
                                                       " has a (gateway.v1.provider) option"));
      }
      absl::StatusOr<Route> route =
          CompileRoute(method, provider->second, table->plans_, table->messages_);
      if (!route.ok()) return route.status();
      table->routes_.push_back(*std::move(route));
    }
  }
  auto lists = CompilePagedLists(files, table->routes_);
  if (!lists.ok()) return lists.status();
  table->lists_ = *std::move(lists);
  return table;
}

}  // namespace gateway::mapping
