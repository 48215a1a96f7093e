#include "service/call_trace.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gateway {
namespace {

constexpr char kRequestId[] = "x-request-id";
constexpr char kTraceParent[] = "traceparent";
constexpr char kTraceState[] = "tracestate";

constexpr size_t kMaxRequestId = 128;

// All values of this name. They live as long as the context.
std::vector<absl::string_view> ValuesOf(const grpc::ServerContextBase& context, const char* name) {
  std::vector<absl::string_view> values;
  const auto [begin, end] = context.client_metadata().equal_range(name);
  for (auto it = begin; it != end; ++it) {
    values.emplace_back(it->second.data(), it->second.size());
  }
  return values;
}

TraceContext ContinueOrBegin(const grpc::ServerContextBase& context) {
  const std::vector<absl::string_view> parents = ValuesOf(context, kTraceParent);
  std::optional<TraceContext> trace;
  if (!parents.empty()) trace = ReadTraceContext(parents, ValuesOf(context, kTraceState));
  if (!trace) trace.emplace().trace_id = NewTraceId();
  trace->span_id = NewSpanId();
  return *std::move(trace);
}

bool IsRequestId(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestId &&
         std::all_of(text.begin(), text.end(), absl::ascii_isgraph);
}

std::string RequestIdOf(const grpc::ServerContextBase& context) {
  const std::vector<absl::string_view> given = ValuesOf(context, kRequestId);
  if (given.size() == 1 && IsRequestId(given.front())) return std::string(given.front());
  return Text(NewTraceId());  // as good a random text as any
}

}  // namespace

CallTrace::CallTrace(grpc::ServerContextBase& context)
    : context_(ContinueOrBegin(context)), request_id_(RequestIdOf(context)) {
  context.AddTrailingMetadata(kRequestId, request_id_);
}

LogIds CallTrace::ids() const {
  return {Text(context_.trace_id), Text(context_.span_id), request_id_};
}

void CallTrace::OnAttempt(std::vector<std::string>& headers) {
  TraceContext attempt{context_.trace_id, NewSpanId(), context_.sampled, ""};
  headers.push_back(absl::StrCat(kTraceParent, ": ", TraceParent(attempt)));
  if (!context_.state.empty()) {
    headers.push_back(absl::StrCat(kTraceState, ": ", context_.state));
  }
}

void CallTrace::OnResult(const http::Result&) {}

}  // namespace gateway
