// Answers calls of unknown methods with UNIMPLEMENTED, with the same details as any other error.
#ifndef SERVICE_PORT_UNKNOWN_METHOD_H_
#define SERVICE_PORT_UNKNOWN_METHOD_H_

#include <grpcpp/generic/async_generic_service.h>

#include "service/call/call_frame.h"

namespace gateway {

class UnknownMethod final : public grpc::CallbackGenericService {
 public:
  // `surroundings` must outlive it.
  explicit UnknownMethod(const Surroundings& surroundings) : surroundings_(surroundings) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  const Surroundings& surroundings_;
};

}  // namespace gateway

#endif  // SERVICE_PORT_UNKNOWN_METHOD_H_
