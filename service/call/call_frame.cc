#include "service/call/call_frame.h"

#include <cstdint>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/call/call_metadata.h"
#include "service/call/status.h"
#include "service/log/log.h"

namespace gateway {
namespace {

using mapping::Drift;
using mapping::Failure;
using mapping::Outcome;

// Trailer: how often the call was handed to the wire; 0 if the gateway itself answered it.
constexpr char kAttempts[] = "gateway-attempts";

// Trailer for clients that retry by themselves: the delay before the retry; negative: do not retry
// (gRFC A6).
constexpr char kPushback[] = "grpc-retry-pushback-ms";

// Trailer: the upstream's own id of the request, which its support asks for.
constexpr char kTraceId[] = "gateway-trace-id";

// Trailer that carries enum texts which the protos do not have: the reply shows only X_UNSPECIFIED
// for them.
constexpr char kUnrecognized[] = "gateway-unrecognized";

// Trailers: the ledger's entry for the write, and whether the reply comes from that entry.
constexpr char kLedgerEntry[] = "gateway-ledger-entry";
constexpr char kReplayed[] = "gateway-replayed";

// Trailers of a call that was only validated.
constexpr char kWouldSend[] = "gateway-would-send";
constexpr char kWouldSendBytes[] = "gateway-would-send-bytes";

// By default, gRPC clients accept 8 KB of trailers, and fail a call whose trailers are larger.
constexpr size_t kMaxUnrecognized = 4096;
// The bytes that HTTP/2 counts for each header in addition to its name and value.
constexpr size_t kHeaderOverhead = 32;

}  // namespace

CallFrame::CallFrame(const Surroundings& surroundings, Method& method,
                     grpc::CallbackServerContext& context)
    : surroundings_(surroundings),
      method_(method),
      context_(context),
      generation_(surroundings.in_force.Get()),
      trace_(surroundings.telemetry, method.operation, context) {}

std::optional<Failure> CallFrame::Admit() {
  if (auto refusal = CheckMetadata(context_, surroundings_.limits.metadata_bytes)) return refusal;
  admission_ =
      surroundings_.authorizer.Admit(generation_->authorization, method_.number, context_, trace_);
  if (admission_.refusal || method_.without_store) {
    if (auto refusal = CheckStore("")) return refusal;
  }
  return ReadValidateOnly();
}

// Only calls to upstreams can be validated without being made. The gateway's own methods refuse the
// metadata, because they would take effect all the same.
std::optional<Failure> CallFrame::ReadValidateOnly() {
  const auto wanted = IsValidateOnly(context_);
  if (const auto* failure = std::get_if<Failure>(&wanted)) return *failure;
  validate_only_ = std::get<bool>(wanted);
  if (!validate_only_ || method_.is_upstreams()) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kInvalidArgument, "VALIDATE_ONLY_UNSUPPORTED",
                          "gateway-validate-only is for the operations of an upstream");
}

void CallFrame::NoteWouldSend(const std::string& verb_and_url, size_t body_bytes) {
  context_.AddTrailingMetadata(kWouldSend, verb_and_url);
  context_.AddTrailingMetadata(kWouldSendBytes, absl::StrCat(body_bytes));
}

std::optional<Failure> CallFrame::CheckStore(absl::string_view store) {
  return surroundings_.authorizer.CheckStore(admission_, store);
}

grpc::Status CallFrame::End(const Answer& answer, absl::string_view upstream_host) {
  if (method_.is_upstreams()) {
    context_.AddTrailingMetadata(kAttempts, absl::StrCat(answer.attempts));
  }
  AddLedgerTrailers();
  Audit(answer);
  if (const auto* failure = std::get_if<Failure>(&answer.result)) {
    return Fail(*failure, method_.operation.full_name, upstream_host);
  }
  return Succeed(std::get<mapping::Reply>(answer.result), upstream_host);
}

grpc::Status CallFrame::EndUnknown(const Failure& failure, absl::string_view name) {
  return Fail(failure, name, "");
}

grpc::Status CallFrame::Succeed(const mapping::Reply& reply, absl::string_view host) {
  NoteReply(reply);
  AddTraceId(reply);
  Count(absl::StatusCode::kOk, validate_only_ ? CallStats::End::kNotSent : CallStats::End::kOk,
        host);
  return grpc::Status::OK;
}

grpc::Status CallFrame::Fail(const Failure& failure, absl::string_view name,
                             absl::string_view host) {
  if (failure.outcome == Outcome::kUnknown && method_.operation.access == mapping::Access::kWrite) {
    Log(Severity::kWarning, "a write ended with outcome unknown", trace_.ids(),
        {{"operation", method_.operation.full_name},
         {"reason", failure.reason},
         {"http_status", int64_t{failure.http_status}},
         {"upstream_trace_id", failure.trace_id}});
  }
  if (const auto pushback = RetryPushback(failure, method_.operation.access)) {
    context_.AddTrailingMetadata(kPushback, absl::StrCat(*pushback));
  }
  Count(failure.code, CallStats::EndOf(failure.outcome), host);
  return ToStatus(failure, name, host, trace_.trace_id());
}

std::string CallFrame::LedgerIdentity(absl::string_view store) const {
  const authorization::Rule* const rule = admission_.grant.For(store);
  return rule == nullptr ? "" : rule->IdentityOf(admission_.caller);
}

void CallFrame::AddLedgerTrailers() {
  if (!entry_.empty()) context_.AddTrailingMetadata(kLedgerEntry, entry_);
  if (replayed_) context_.AddTrailingMetadata(kReplayed, "true");
}

void CallFrame::NoteReply(const mapping::Reply& reply) {
  if (reply.drift.empty()) return;
  surroundings_.drift.Record(reply.drift, trace_.ids());
  AddUnrecognized(reply.drift);
}

void CallFrame::AddTraceId(const mapping::Reply& reply) {
  if (reply.trace_id.empty()) return;
  // gRPC fails the whole call on a trailer that is not printable ASCII: other bytes are escaped.
  context_.AddTrailingMetadata(kTraceId, absl::CHexEscape(reply.trace_id));
}

// Adds as many texts as fit, each once.
void CallFrame::AddUnrecognized(const std::vector<Drift>& drifts) {
  for (const Drift& drift : drifts) {
    if (drift.kind != Drift::Kind::kUnknownEnumText) continue;
    const std::string value =
        absl::StrCat(drift.field->full_name, "=", absl::CHexEscape(drift.text));
    if (unrecognized_.count(value) > 0) continue;
    const size_t size = sizeof(kUnrecognized) + value.size() + kHeaderOverhead;
    if (unrecognized_size_ + size > kMaxUnrecognized) return;
    unrecognized_size_ += size;
    unrecognized_.insert(value);
    context_.AddTrailingMetadata(kUnrecognized, value);
  }
}

// Writes no line for a call that ended before its message arrived, unless its caller was refused.
void CallFrame::Audit(const Answer& answer) {
  const bool due = arrived_ || admission_.refusal.has_value();
  if (surroundings_.audit == nullptr || !method_.audited || !due) return;
  const auto* failure = std::get_if<Failure>(&answer.result);
  AuditRecord record;
  record.time = trace_.begun();
  const authorization::Rule* const rule = admission_.grant.For(answer.store);
  record.caller = admission_.caller.Name(rule == nullptr ? "" : rule->KnowsAs(admission_.caller));
  if (rule != nullptr) {
    record.rule = rule->name;
    record.identity = rule->CertificateNameOf(admission_.caller);
  }
  if (const auto& claims = admission_.caller.claims; claims != nullptr) {
    record.token_issuer = claims->issuer();
    record.token_subject = claims->subject;
  }
  record.certificate = admission_.caller.certificate.get();
  record.peer = context_.peer();
  const Outcome outcome = failure == nullptr ? Outcome::kNotSent : failure->outcome;
  const bool happened = failure == nullptr && !validate_only_;
  record.sent = happened || outcome != Outcome::kNotSent;
  record.method = absl::StripPrefix(method_.path, "/");
  record.store = answer.store;
  record.outcome = happened ? CallStats::Name(CallStats::End::kOk) : mapping::Name(outcome);
  record.code =
      absl::StatusCodeToString(failure == nullptr ? absl::StatusCode::kOk : failure->code);
  record.http_status = answer.http_status;
  record.upstream_trace_id =
      failure == nullptr ? std::get<mapping::Reply>(answer.result).trace_id : failure->trace_id;
  record.attempts = answer.attempts;
  record.ids = trace_.ids();
  record.ledger_entry = entry_;
  record.idempotency_key = OnlyValue(context_, kIdempotencyKey).value_or("");
  surroundings_.audit->Write(record);
}

void CallFrame::Count(absl::StatusCode code, CallStats::End end, absl::string_view host) {
  method_.stats.Count(code, end, trace_.elapsed());
  trace_.End(code, end, host);
}

}  // namespace gateway
