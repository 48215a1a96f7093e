// A grpc::Service for one proto service, made from endpoints instead of generated code. Its
// messages are bytes.
#ifndef SERVICE_PORT_RAW_SERVICE_H_
#define SERVICE_PORT_RAW_SERVICE_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <string>
#include <vector>

#include "service/call/method.h"

namespace gateway {

class RawService final : public grpc::Service {
 public:
  // The endpoints of one proto service's methods.
  RawService(std::string name, std::vector<Endpoint> endpoints);

  // "paynow.management.v1.CouponsService"
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  const std::vector<Endpoint> endpoints_;
};

// Makes a RawService for each proto service that the endpoints' methods name. Endpoints of one
// service must stand together.
std::vector<std::unique_ptr<RawService>> MakeServices(const std::vector<Endpoint>& endpoints);

}  // namespace gateway

#endif  // SERVICE_PORT_RAW_SERVICE_H_
