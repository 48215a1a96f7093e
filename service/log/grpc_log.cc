#include "service/log/grpc_log.h"

#include <grpc/support/log.h>

#include "service/log/log.h"

namespace gateway {

void TakeOverGrpcLog() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    const Severity severity =
        line->severity == GPR_LOG_SEVERITY_ERROR ? Severity::kError : Severity::kInfo;
    Log(severity, "gRPC", {{"text", line->message}});
  });
}

}  // namespace gateway
