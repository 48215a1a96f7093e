#include "service/call/status.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "upstream/mapping/formats.h"

namespace gateway {
namespace {

using mapping::Failure;

// On the wire the details grow by a third (base64) and a message up to threefold
// (percent-encoding).
constexpr size_t kMaxMessage = 600;
constexpr size_t kMaxDetails = 4000;

// Cuts the UTF-8 text to at most `limit` bytes, between characters.
std::string Cut(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

// A text from the upstream may be any bytes, but a protobuf string must be UTF-8.
std::string Text(absl::string_view text) {
  return mapping::IsUtf8(text) ? std::string(text) : "(not valid UTF-8)";
}

google::rpc::ErrorInfo Info(const Failure& failure, absl::string_view operation,
                            absl::string_view upstream_host, absl::string_view trace_id) {
  google::rpc::ErrorInfo info;
  info.set_reason(failure.reason);
  info.set_domain(std::string(failure.from_upstream ? upstream_host : kDomain));
  auto& metadata = *info.mutable_metadata();
  metadata["outcome"] = std::string(Name(failure.outcome));
  metadata["operation"] = std::string(operation);
  if (failure.http_status != 0) metadata["http_status"] = absl::StrCat(failure.http_status);
  if (!failure.upstream_code.empty()) metadata["upstream_code"] = Text(failure.upstream_code);
  if (!trace_id.empty()) metadata["trace_id"] = std::string(trace_id);
  return info;
}

// Returns as many violations as fit into `room` bytes, and then the number of those left out.
google::rpc::BadRequest Violations(const Failure& failure, size_t room) {
  google::rpc::BadRequest bad_request;
  const size_t count = failure.violations.size() + failure.violations_left_out;
  size_t told = 0;
  for (const mapping::Violation& violation : failure.violations) {
    auto& added = *bad_request.add_field_violations();
    added.set_field(Text(violation.field));
    added.set_description(Text(violation.description));
    if (bad_request.ByteSizeLong() > room) {
      bad_request.mutable_field_violations()->RemoveLast();
      break;
    }
    ++told;
  }
  if (told < count) {
    bad_request.add_field_violations()->set_description(
        absl::StrCat(count - told, " more are not shown"));
  }
  return bad_request;
}

google::rpc::RetryInfo Retry(absl::Duration wait) {
  google::rpc::RetryInfo retry;
  absl::Duration rest;
  retry.mutable_retry_delay()->set_seconds(absl::IDivDuration(wait, absl::Seconds(1), &rest));
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return retry;
}

}  // namespace

std::optional<int64_t> RetryPushback(const Failure& failure, mapping::Access access) {
  constexpr int64_t kNever = -1;
  if (failure.retry_after) {
    // Rounded up, so that the client does not come too early.
    return absl::ToInt64Milliseconds(absl::Ceil(*failure.retry_after, absl::Milliseconds(1)));
  }
  switch (failure.outcome) {
    case mapping::Outcome::kUnknown:
      if (access == mapping::Access::kRead) return std::nullopt;
      return kNever;
    case mapping::Outcome::kRefused:
      if (failure.http_status != 0) return kNever;
      break;  // the last attempt was not sent, and its reason counts
    case mapping::Outcome::kNotSent:
      break;
  }
  switch (failure.code) {
    // The request is not the cause, so a later attempt may succeed.
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return std::nullopt;
    case absl::StatusCode::kResourceExhausted:
      // If the request itself is too large, a retry is useless.
      if (absl::EndsWith(failure.reason, "_TOO_LARGE")) return kNever;
      return std::nullopt;
    default:
      return kNever;
  }
}

grpc::Status ToStatus(const Failure& failure, absl::string_view operation,
                      absl::string_view upstream_host, absl::string_view trace_id) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(failure.code));
  details.set_message(Cut(Text(failure.message), kMaxMessage));
  details.add_details()->PackFrom(Info(failure, operation, upstream_host, trace_id));
  if (!failure.trace_id.empty()) {
    google::rpc::RequestInfo request;
    request.set_request_id(Text(failure.trace_id));
    details.add_details()->PackFrom(request);
  }
  if (failure.retry_after) details.add_details()->PackFrom(Retry(*failure.retry_after));
  if (!failure.violations.empty()) {
    const size_t used = std::min(details.ByteSizeLong(), kMaxDetails);
    details.add_details()->PackFrom(Violations(failure, kMaxDetails - used));
  }
  return grpc::Status(static_cast<grpc::StatusCode>(failure.code), details.message(),
                      details.SerializeAsString());
}

}  // namespace gateway
