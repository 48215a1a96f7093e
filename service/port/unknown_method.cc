#include "service/port/unknown_method.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/call/status.h"
#include "service/telemetry/call_trace.h"

namespace gateway {
namespace {

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

constexpr size_t kMostOfAName = 200;

// "/package.Service/Method" -> "package.Service.Method", as operations are named everywhere else.
std::string OperationName(std::string path) {
  if (!path.empty() && path.front() == '/') path.erase(0, 1);
  // An error's texts are UTF-8: protobuf would complain of others on standard error.
  for (char& c : path) {
    if (c == '/') c = '.';
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) c = '?';
  }
  path.resize(std::min(path.size(), kMostOfAName));
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
