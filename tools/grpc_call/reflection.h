// Reads a server's service descriptors over grpc.reflection.v1alpha.
//
// Use on one thread. Descriptors live as long as this object. Errors carry the server's answer, or
// the reason why there is none.
//
//   Reflection reflection(channel);
//   if (reflection.Load("p.OrdersService").ok()) ... reflection.pool().FindServiceByName(...) ...
#ifndef TOOLS_GRPC_CALL_REFLECTION_H_
#define TOOLS_GRPC_CALL_REFLECTION_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>
#include <grpcpp/channel.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace gateway::grpc_call {

class Reflection {
 public:
  explicit Reflection(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

  // Full names, sorted.
  absl::StatusOr<std::vector<std::string>> Services();

  // Loads the file that declares a service, method, message or enum, and all files that it imports.
  absl::Status Load(const std::string& symbol);

  // The descriptors loaded so far.
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

 private:
  // Sends one request and returns its answer, both as JSON.
  absl::StatusOr<nlohmann::json> Ask(const nlohmann::json& request);

  const std::shared_ptr<grpc::Channel> channel_;
  google::protobuf::SimpleDescriptorDatabase files_;
  google::protobuf::DescriptorPool pool_{&files_};
};

}  // namespace gateway::grpc_call

#endif  // TOOLS_GRPC_CALL_REFLECTION_H_
