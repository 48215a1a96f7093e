#include "service/unknown_method.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "service/call_trace.h"
#include "service/status.h"

namespace gateway {
namespace {

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// "/package.Service/Method" -> "package.Service.Method", as operations are named everywhere else.
std::string OperationName(std::string path) {
  if (!path.empty() && path.front() == '/') path.erase(0, 1);
  for (char& c : path) {
    if (c == '/') c = '.';
  }
  return path;
}

// What was called is a stranger's text: it stands in the error, for its caller, and nowhere else.
const Operation& UnknownOperation() {
  static const auto* const operation = new Operation{"unknown", "unknown", "unknown", true, "", ""};
  return *operation;
}

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethod::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  mapping::Failure failure;
  failure.code = absl::StatusCode::kUnimplemented;
  failure.outcome = mapping::Outcome::kNotSent;
  failure.reason = "UNKNOWN_METHOD";
  failure.message = "the gateway does not serve this method";
  CallTrace trace(telemetry_, UnknownOperation(), *context);
  trace.End(failure.code, CallStats::EndOf(failure.outcome), "");
  return new Refusal(ToStatus(failure, OperationName(context->method()), "", trace.trace_id()));
}

}  // namespace gateway
