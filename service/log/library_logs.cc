#include "service/log/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <cstdint>
#include <optional>
#include <string>

#include "service/log/line_budget.h"
#include "service/log/log.h"

namespace gateway {
namespace {

void Tell(Severity severity, const char* library, std::string text) {
  if (!IsLogged(severity)) return;
  static auto* const budget = new LineBudget(kLibraryLinesPerSecond, kLibraryLinesAtOnce);
  const std::optional<uint64_t> left_out = budget->Pass();
  if (!left_out) return;
  if (*left_out == 0) return Log(severity, library, {{"text", std::move(text)}});
  Log(severity, library,
      {{"text", std::move(text)}, {"left_out", static_cast<int64_t>(*left_out)}});
}

}  // namespace

void TakeOverLibraryLogs() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    Tell(line->severity == GPR_LOG_SEVERITY_ERROR ? Severity::kError : Severity::kInfo, "gRPC",
         line->message);
  });
  google::protobuf::SetLogHandler(
      [](google::protobuf::LogLevel level, const char*, int, const std::string& text) {
        Tell(level >= google::protobuf::LOGLEVEL_ERROR ? Severity::kError : Severity::kInfo,
             "protobuf", text);
      });
}

}  // namespace gateway
