// service-config: prints the service config for gRPC clients (docs/clients/service-config.json)
// from the embedded protos. The service config allows retries only for methods that change nothing.
//
//   service-config > docs/clients/service-config.json
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using Json = nlohmann::ordered_json;

// Three attempts in total. The gateway already repeats reads upstream; these retries cover restarts
// of the gateway itself.
Json RetryPolicy() {
  return {{"maxAttempts", 3},
          {"initialBackoff", "0.1s"},
          {"maxBackoff", "2s"},
          {"backoffMultiplier", 2},
          {"retryableStatusCodes", {"UNAVAILABLE"}}};
}

Json ReadsOf(const google::protobuf::FileDescriptor& file) {
  Json names = Json::array();
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      const auto& method = *file.service(i)->method(j);
      if (method.options().idempotency_level() !=
          google::protobuf::MethodOptions::NO_SIDE_EFFECTS) {
        continue;
      }
      names.push_back({{"service", method.service()->full_name()}, {"method", method.name()}});
    }
  }
  return names;
}

int Main() {
  Json names = Json::array();
  for (const auto* file : mapping::EmbeddedFiles()) {
    for (Json& name : ReadsOf(*file)) names.push_back(std::move(name));
  }
  const Json config = {{"methodConfig", {{{"name", names}, {"retryPolicy", RetryPolicy()}}}}};
  std::printf("%s\n", config.dump(2).c_str());
  return 0;
}

}  // namespace
}  // namespace gateway

int main() { return gateway::Main(); }
