#include "service/telemetry/otlp_json.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"

namespace gateway {
namespace {

// Span.SpanKind and Status.StatusCode of opentelemetry/proto/trace/v1/trace.proto. OTLP's JSON form
// writes enums as numbers.
constexpr int kInternal = 1;
constexpr int kServer = 2;
constexpr int kClient = 3;
constexpr int kError = 2;

constexpr int kFirstHttpError = 400;

// Whether the code is the server's own failure, by OpenTelemetry's semantic conventions for gRPC.
bool IsServerError(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

void AppendText(absl::string_view text, std::string& out) {
  mapping::AppendJsonString(mapping::IsUtf8(text) ? text : "(not valid UTF-8)", out);
}

// A list of attributes, from "[" to "]".
class Attributes {
 public:
  explicit Attributes(std::string& out) : out_(out) { out_.push_back('['); }
  ~Attributes() { out_.push_back(']'); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  void Add(absl::string_view key, absl::string_view value) {
    Begin(key);
    out_.append("\"stringValue\":");
    AppendText(value, out_);
    out_.append("}}");
  }

  // OTLP's JSON form writes a 64-bit number as a string.
  void Add(absl::string_view key, int value) {
    Begin(key);
    absl::StrAppend(&out_, "\"intValue\":\"", value, "\"}}");
  }

 private:
  void Begin(absl::string_view key) {
    if (out_.back() != '[') out_.push_back(',');
    absl::StrAppend(&out_, "{\"key\":\"", key, "\",\"value\":{");
  }

  std::string& out_;
};

struct Head {
  const TraceContext& context;
  SpanId id;
  SpanId parent;
  int kind;
  absl::Time begun;
  absl::Time ended;
};

// Appends the members that all spans have, except name, attributes and status. Leaves the object
// open.
void AppendHead(const Head& head, std::string& out) {
  absl::StrAppend(&out, "{\"traceId\":\"", Text(head.context.trace_id), "\",\"spanId\":\"",
                  Text(head.id), "\"");
  if (head.parent != 0) absl::StrAppend(&out, ",\"parentSpanId\":\"", Text(head.parent), "\"");
  if (!head.context.state.empty()) {
    out.append(",\"traceState\":");
    AppendText(head.context.state, out);
  }
  absl::StrAppend(&out, ",\"flags\":", head.context.sampled ? 1 : 0, ",\"kind\":", head.kind);
  absl::StrAppend(&out, ",\"startTimeUnixNano\":\"", absl::ToUnixNanos(head.begun),
                  "\",\"endTimeUnixNano\":\"", absl::ToUnixNanos(head.ended), "\"");
}

void AppendEnd(bool error, std::string& out) {
  absl::StrAppend(&out, ",\"status\":{");
  if (error) absl::StrAppend(&out, "\"code\":", kError);
  out.append("}}");
}

void AppendCall(const CallSpan& call, std::string& out) {
  const Operation& operation = *call.operation;
  AppendHead({call.context, call.context.span_id, call.parent, kServer, call.begun, call.ended},
             out);
  out.append(",\"name\":");
  AppendText(absl::StrCat(operation.service, "/", operation.method), out);
  out.append(",\"attributes\":");
  {
    Attributes attributes(out);
    attributes.Add("rpc.system", "grpc");
    attributes.Add("rpc.service", operation.service);
    attributes.Add("rpc.method", operation.method);
    attributes.Add("rpc.grpc.status_code", static_cast<int>(call.code));
    attributes.Add("gateway.outcome", call.outcome);
  }
  AppendEnd(IsServerError(call.code), out);
}

void AppendAttempt(const CallSpan& call, const AttemptSpan& attempt, int number, std::string& out) {
  const Operation& operation = *call.operation;
  AppendHead(
      {call.context, attempt.id, call.context.span_id, kClient, attempt.begun, attempt.ended}, out);
  out.append(",\"name\":");
  AppendText(absl::StrCat(operation.http_method, " ", operation.url_template), out);
  const bool error = attempt.http_status == 0 || attempt.http_status >= kFirstHttpError;
  out.append(",\"attributes\":");
  {
    Attributes attributes(out);
    attributes.Add("http.request.method", operation.http_method);
    attributes.Add("url.template", operation.url_template);
    attributes.Add("server.address", call.host);
    if (attempt.http_status != 0) {
      attributes.Add("http.response.status_code", attempt.http_status);
    }
    if (error) {
      attributes.Add("error.type", attempt.http_status == 0 ? std::string(attempt.error)
                                                            : absl::StrCat(attempt.http_status));
    }
    attributes.Add("gateway.attempt", number);
  }
  AppendEnd(error, out);
}

void AppendLedger(const CallSpan& call, const LedgerSpan& span, std::string& out) {
  AppendHead({call.context, span.id, call.context.span_id, kInternal, span.begun, span.ended}, out);
  out.append(",\"name\":");
  AppendText(absl::StrCat("ledger ", span.step), out);
  out.append(",\"attributes\":");
  Attributes(out).Add("gateway.ledger.said", span.said);
  AppendEnd(false, out);
}

}  // namespace

std::string OtlpLine(const Resource& resource, const std::vector<CallSpan>& calls) {
  std::string out = "{\"resourceSpans\":[{\"resource\":{\"attributes\":";
  {
    Attributes attributes(out);
    attributes.Add("service.name", "billing-gateway");
    attributes.Add("service.version", resource.version);
    attributes.Add("service.instance.id", resource.instance);
  }
  out.append("},\"scopeSpans\":[{\"scope\":{\"name\":\"billing-gateway\"},\"spans\":[");
  for (const CallSpan& call : calls) {
    if (&call != &calls.front()) out.push_back(',');
    AppendCall(call, out);
    int number = 0;
    for (const AttemptSpan& attempt : call.attempts) {
      out.push_back(',');
      AppendAttempt(call, attempt, ++number, out);
    }
    for (const LedgerSpan& span : call.ledger) {
      out.push_back(',');
      AppendLedger(call, span, out);
    }
  }
  out.append("]}]}]}\n");
  return out;
}

}  // namespace gateway
