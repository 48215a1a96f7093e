// Server reflection as grpc.reflection.v1 and v1alpha, which differ in their names only. It
// describes all files in protobuf's generated pool, with comments if they were embedded.
//
// gRPC 1.51's own service has v1alpha only, and sends no comments. Whether a caller may ask is
// decided before the call comes here (see port_credentials.h).
//
// Thread-safety: like gRPC's services. Lifetime: must outlive the server.
#ifndef SERVICE_PORT_REFLECTION_SERVICE_H_
#define SERVICE_PORT_REFLECTION_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <cstddef>
#include <string>
#include <vector>

namespace gateway {

class ReflectionService final : public grpc::Service {
 public:
  static constexpr char kV1[] = "grpc.reflection.v1.ServerReflection";
  static constexpr char kV1Alpha[] = "grpc.reflection.v1alpha.ServerReflection";
  // The largest request: a name and a few bytes around it.
  static constexpr size_t kMostBytes = 4096;

  // `services`: the names that list_services returns.
  explicit ReflectionService(std::vector<std::string> services);

 private:
  class Stream;

  const std::vector<std::string> services_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_REFLECTION_SERVICE_H_
