#include "service/port/unknown_method.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "service/call/method.h"

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
  // An error's texts must be UTF-8: otherwise protobuf writes a warning to standard error.
  for (char& c : path) {
    if (c == '/') c = '.';
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) c = '?';
  }
  path.resize(std::min(path.size(), kMostOfAName));
  return path;
}

// The name of an unknown method is a stranger's text, so only the error to the caller shows it. In
// statistics, logs and spans the call belongs to this method.
Method& TheUnknown() {
  static auto* const method = new Method{
      .operation = {"unknown", "unknown", "unknown", mapping::Access::kRead, "", ""}, .path = ""};
  return *method;
}

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethod::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  mapping::Failure failure;
  failure.code = absl::StatusCode::kUnimplemented;
  failure.outcome = mapping::Outcome::kNotSent;
  failure.reason = "UNKNOWN_METHOD";
  failure.message = "the gateway does not serve this method";
  CallFrame frame(surroundings_, TheUnknown(), *context);
  return new Refusal(frame.EndUnknown(failure, OperationName(context->method())));
}

}  // namespace gateway
