#include "upstream/verdict.h"

namespace gateway {
namespace {

using Verdict = resilience::CircuitBreaker::Verdict;
using Kind = http::Error::Kind;

// The statuses with which a server, or a proxy in front of it, says that it cannot serve.
bool SaysUnavailable(int status) { return status >= 502 && status <= 504; }

}  // namespace

Verdict VerdictOf(const http::Result& result, absl::Duration took) {
  if (const auto* response = std::get_if<http::Response>(&result)) {
    return SaysUnavailable(response->status) ? Verdict::kBad : Verdict::kGood;
  }
  switch (std::get<http::Error>(result).kind) {
    case Kind::kResolve:
    case Kind::kConnect:
    case Kind::kTls:
    case Kind::kBroken:
      return Verdict::kBad;
    case Kind::kDeadline:
      return took >= kSlow ? Verdict::kBad : Verdict::kNeither;
    case Kind::kTooLarge:
      return Verdict::kGood;
    case Kind::kCancelled:
    case Kind::kOverloaded:
    case Kind::kShutdown:
    case Kind::kInvalid:
      return Verdict::kNeither;
  }
  return Verdict::kNeither;
}

bool LatencyCounts(const http::Result& result) {
  if (const auto* response = std::get_if<http::Response>(&result)) {
    return !SaysUnavailable(response->status);
  }
  return std::get<http::Error>(result).kind == Kind::kDeadline;
}

bool MayRepeat(const http::Result& result, const mapping::Failure& failure,
               mapping::Access access) {
  if (const auto* error = std::get_if<http::Error>(&result)) {
    switch (error->kind) {
      case Kind::kResolve:
      case Kind::kConnect:
      case Kind::kBroken:
        return access == mapping::Access::kRead || !error->sent;
      default:
        return false;
    }
  }
  if (access == mapping::Access::kWrite) return false;
  const auto& response = std::get<http::Response>(result);
  // Only a successful reply needs its whole body. For any other, the status says what happened.
  if (response.status < 300 && response.body_state == http::Body::kCutShort) return true;
  const bool rate_limited = failure.http_status == 429 && failure.retry_after.has_value();
  return rate_limited || failure.code == absl::StatusCode::kUnavailable;
}

}  // namespace gateway
