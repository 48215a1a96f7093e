// Answers calls of methods that nobody serves: UNIMPLEMENTED, with the same details as any other
// error.
#ifndef SERVICE_UNKNOWN_METHOD_H_
#define SERVICE_UNKNOWN_METHOD_H_

#include <grpcpp/generic/async_generic_service.h>

namespace gateway {

class UnknownMethod final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;
};

}  // namespace gateway

#endif  // SERVICE_UNKNOWN_METHOD_H_
