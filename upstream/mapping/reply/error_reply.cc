#include "upstream/mapping/reply/error_reply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "upstream/mapping/error_body.h"
#include "upstream/mapping/reply/error_table.h"
#include "upstream/mapping/reply/violation_path.h"

namespace gateway::mapping {
namespace {

constexpr size_t kMaxTraceId = 500;

// The three forms of RFC 9110, 5.6.7: a sender must write the first, a reader must accept all.
constexpr const char* kHttpDates[] = {
    "%a, %d %b %Y %H:%M:%S GMT",  // IMF-fixdate
    "%A, %d-%b-%y %H:%M:%S GMT",  // RFC 850
    "%a %b %e %H:%M:%S %Y",       // asctime
};

std::optional<absl::Time> ParseHttpDate(absl::string_view text) {
  // absl::ParseTime accepts more than a header may hold: "infinite-future".
  if (text.find_first_of("0123456789") == absl::string_view::npos) return std::nullopt;
  absl::Time time;
  std::string error;
  for (const char* const format : kHttpDates) {
    if (absl::ParseTime(format, text, &time, &error)) return time;
  }
  return std::nullopt;
}

// Reads whole seconds, as RFC 9110 has them, or seconds with a fraction, which some servers write.
std::optional<absl::Duration> ParseDelay(absl::string_view text) {
  double seconds;
  // absl::SimpleAtod accepts more than the header may hold: "nan", "0x10". A negative delay is
  // refused.
  const bool decimal = !text.empty() && absl::ascii_isdigit(text.front()) &&
                       text.find_first_not_of("0123456789.+-eE") == absl::string_view::npos;
  if (!decimal || !absl::SimpleAtod(text, &seconds)) return std::nullopt;
  return absl::Seconds(seconds);
}

}  // namespace

Failure ReadErrorReply(const Route& route, const http::Response& response) {
  Failure failure = FromHttpStatus(response.status, route.access);
  ErrorParts parts = ReadErrorBody(*route.provider, response);
  failure.upstream_code = std::move(parts.code);
  failure.message = std::move(parts.message);
  failure.trace_id = std::move(parts.trace_id);
  failure.violations = std::move(parts.violations);
  failure.violations_left_out = parts.violations_left_out;
  for (Violation& violation : failure.violations) {
    violation.field = CallersPath(route, violation.field);
  }
  if (failure.trace_id.empty()) failure.trace_id = ReadTraceId(*route.provider, response);
  failure.message = absl::StrCat("the upstream answered ", response.status,
                                 failure.message.empty() ? "" : ": ", failure.message);
  // Do not pass on Retry-After for a write with outcome unknown: it would invite an unsafe retry.
  if (route.access == Access::kRead || failure.outcome != Outcome::kUnknown) {
    failure.retry_after = ParseRetryAfter(response.Header("retry-after"), absl::Now());
  }
  return failure;
}

std::string ReadTraceId(const v1::Provider& provider, const http::Response& response) {
  if (provider.trace_id_header().empty()) return {};
  return OneLine(response.Header(provider.trace_id_header()), kMaxTraceId);
}

std::optional<absl::Duration> ParseRetryAfter(absl::string_view header, absl::Time now,
                                              absl::Duration most) {
  header = absl::StripAsciiWhitespace(header);
  std::optional<absl::Duration> wait = ParseDelay(header);
  if (!wait) {
    const std::optional<absl::Time> date = ParseHttpDate(header);
    if (!date) return std::nullopt;
    wait = *date - now;
  }
  return std::clamp(*wait, absl::ZeroDuration(), most);
}

}  // namespace gateway::mapping
