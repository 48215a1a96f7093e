#include "tests/end_to_end/support/rpc.h"

#include <google/protobuf/dynamic_message.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "google/api/annotations.pb.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::end_to_end {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::MethodOptions;

[[noreturn]] void Missing(absl::string_view name) {
  std::cerr << "there is no " << name << "\n";
  std::abort();
}

const v1::Provider& ProviderOf(const MethodDescriptor& method) {
  for (const auto* file : mapping::EmbeddedFiles()) {
    if (file->package() == method.file()->package() && file->options().HasExtension(v1::provider)) {
      return file->options().GetExtension(v1::provider);
    }
  }
  Missing("provider of " + method.full_name());
}

Rpc MakeRpc(const sandbox::Operation& operation, const MethodDescriptor& method) {
  const auto& rule = method.options().GetExtension(google::api::http);
  const Descriptor& request = *method.input_type();
  Rpc rpc{&operation,
          &method,
          &ProviderOf(method),
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

std::vector<Rpc> RpcsOf(const sandbox::Contract& contract) {
  mapping::EmbeddedFiles();
  std::vector<Rpc> rpcs;
  for (const sandbox::Operation& operation : contract.operations()) {
    const std::string name =
        absl::StrCat(PackageOf(operation.provider), operation.tag, "Service.", operation.rpc);
    const auto* method = DescriptorPool::generated_pool()->FindMethodByName(name);
    if (method == nullptr) {
      ADD_FAILURE() << operation.id << ": there is no " << name;
    } else {
      rpcs.push_back(MakeRpc(operation, *method));
    }
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
