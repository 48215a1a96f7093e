#include "tests/end_to_end/support/rpc.h"

#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"

namespace gateway::end_to_end {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;

[[noreturn]] void Missing(absl::string_view name) {
  std::cerr << "there is no " << name << "\n";
  std::abort();
}

const v1::Provider& ProviderOf(const MethodDescriptor& method, const mapping::Files& files) {
  for (const auto* file : files) {
    if (file->package() == method.file()->package() && file->options().HasExtension(v1::provider)) {
      return file->options().GetExtension(v1::provider);
    }
  }
  Missing("provider of " + method.full_name());
}

// Returns "GET /v1/stores/{}/orders", for example. Verb and path identify an operation even if it
// was renamed.
std::string RouteOf(absl::string_view verb, absl::string_view path) {
  std::string route = absl::StrCat(verb, " ");
  bool in_braces = false;
  for (const char c : path) {
    if (c == '}') in_braces = false;
    if (!in_braces) route += c;
    if (c == '{') in_braces = true;
  }
  return route;
}

std::string RouteOf(const MethodDescriptor& method) {
  const auto& rule = method.options().GetExtension(google::api::http);
  if (!rule.get().empty()) return RouteOf("GET", rule.get());
  if (!rule.put().empty()) return RouteOf("PUT", rule.put());
  if (!rule.post().empty()) return RouteOf("POST", rule.post());
  if (!rule.patch().empty()) return RouteOf("PATCH", rule.patch());
  return RouteOf("DELETE", rule.delete_());
}

using MethodsByRoute = std::map<std::string, const MethodDescriptor*>;

MethodsByRoute MethodsOf(const std::string& package, const mapping::Files& files) {
  MethodsByRoute methods;
  for (const auto* file : files) {
    if (absl::StrCat(file->package(), ".") != package) continue;
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodDescriptor& method = *file->service(s)->method(m);
        if (!method.server_streaming()) methods.emplace(RouteOf(method), &method);
      }
    }
  }
  return methods;
}

Rpc MakeRpc(const sandbox::Operation& operation, const MethodDescriptor& method,
            const mapping::Files& files) {
  const auto& rule = method.options().GetExtension(google::api::http);
  const Descriptor& request = *method.input_type();
  Rpc rpc{&operation,
          &method,
          &ProviderOf(method, files),
          absl::StrCat("/", method.service()->full_name(), "/", method.name()),
          rule.response_body(),
          method.options().idempotency_level() == MethodOptions::NO_SIDE_EFFECTS,
          method.options().GetExtension(v1::method).array_or_object()};
  if (!rule.body().empty()) rpc.body = request.FindFieldByName(rule.body());
  rpc.mask = request.FindFieldByName("update_mask");
  return rpc;
}

}  // namespace

std::string PackageOf(const std::string& provider) {
  return provider == "paynow" ? kPackage : provider + ".v1.";
}

std::vector<Rpc> KnownRpcsOf(const sandbox::Contract& contract, const mapping::Files& files) {
  std::vector<Rpc> rpcs;
  const MethodsByRoute methods = MethodsOf(PackageOf(contract.provider()), files);
  for (const sandbox::Operation& operation : contract.operations()) {
    const auto method = methods.find(RouteOf(operation.verb, operation.path));
    if (method != methods.end()) rpcs.push_back(MakeRpc(operation, *method->second, files));
  }
  return rpcs;
}

std::vector<Rpc> RpcsOf(const sandbox::Contract& contract) {
  std::vector<Rpc> rpcs = KnownRpcsOf(contract, mapping::EmbeddedFiles());
  for (const sandbox::Operation& operation : contract.operations()) {
    const bool known = std::any_of(rpcs.begin(), rpcs.end(),
                                   [&](const Rpc& rpc) { return rpc.operation == &operation; });
    if (!known) ADD_FAILURE() << operation.id << ": there is no RPC for it";
  }
  return rpcs;
}

const Rpc& Find(const std::vector<Rpc>& rpcs, absl::string_view operation) {
  for (const Rpc& rpc : rpcs) {
    if (rpc.operation->id == operation) return rpc;
  }
  Missing(operation);
}

std::unique_ptr<Message> NewMessage(const Descriptor& type) {
  // Messages must not outlive their factory, and descriptors live for ever.
  static auto* const factory = new google::protobuf::DynamicMessageFactory;
  return std::unique_ptr<Message>(factory->GetPrototype(&type)->New());
}

const Descriptor& TypeNamed(const std::string& full_name) {
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(full_name);
  if (type == nullptr) Missing(full_name);
  return *type;
}

}  // namespace gateway::end_to_end
