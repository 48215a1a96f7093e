// Fuzzes the trace headers of a caller: the first line of an input is the traceparent, each further
// line a tracestate. Aborts if the gateway would forward invalid headers.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "service/telemetry/trace_context.h"
#include "tests/fuzz/support.h"
#include "upstream/http/request_check.h"

using gateway::fuzz::Require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<absl::string_view> lines = absl::StrSplit(input, '\n');
  const absl::string_view parent = lines.front();
  lines.erase(lines.begin());
  const std::optional<gateway::TraceContext> read = gateway::ReadTraceContext({parent}, lines);
  if (!read) return 0;
  const std::string sent = gateway::TraceParent(*read);
  Require(sent.size() == 55 && sent.substr(0, 3) == "00-", "it goes on in version 00");
  Require(absl::string_view(sent).substr(3, 49) == parent.substr(parent.find('-') + 1, 49),
          "with the ids that came");
  Require(read->state.size() <= 512, "a state of at most 512 characters");
  const auto again = gateway::ReadTraceContext({sent}, {read->state});
  Require(again && again->trace_id == read->trace_id && again->span_id == read->span_id &&
              again->sampled == read->sampled && again->state == read->state,
          "whoever gets it reads the same");
  gateway::http::Request request;
  request.url = "https://api.example/";
  request.headers = {"traceparent: " + sent, "tracestate: " + read->state};
  Require(gateway::http::Check(request).ok(), "both are headers");
  return 0;
}
