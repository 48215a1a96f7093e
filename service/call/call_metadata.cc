#include "service/call/call_metadata.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

constexpr size_t kOverhead = 32;

// Metadata: the caller's own API key for the upstream.
constexpr char kCallerKey[] = "upstream-api-key";

// Metadata by which client libraries and proxies say that they repeat a call.
constexpr char kPreviousAttempts[] = "grpc-previous-rpc-attempts";
constexpr char kEnvoyAttempt[] = "x-envoy-attempt-count";

// A client gives up at its deadline, even if the answer is on its way, and never learns what
// happened. So a part of the time is reserved for the answer: on a busy machine the answer takes
// some tens of milliseconds to arrive.
//
// The answer takes just as long if the deadline is short. But if the deadline is very short, most
// of the time is left for the call.
absl::Duration TimeToAnswer(absl::Duration left) {
  const absl::Duration least = std::min(absl::Milliseconds(40), left / 4);
  // A client rounds the timeout that it sends up, by a hundredth at most, but gives up after the
  // exact timeout.
  return left / 100 + std::clamp(left / 20, least, absl::Milliseconds(100));
}

SteadyTime DeadlineOf(const grpc::ServerContextBase& context, absl::Duration fallback) {
  const auto deadline = context.deadline();
  const SteadyTime now = SteadyTime::Now();
  if (deadline == std::chrono::system_clock::time_point::max()) return now + fallback;
  const absl::Duration left = absl::FromChrono(deadline) - absl::Now();
  return now + left - TimeToAnswer(std::max(left, absl::ZeroDuration()));
}

// Whether a value of this metadata is a number above `most`. A value that is no number counts as
// above `most`: it is safer to take the call for a repeat.
bool CountsMoreThan(uint64_t most, const grpc::ServerContextBase& context, const char* name) {
  const auto [first, end] = context.client_metadata().equal_range(name);
  return std::any_of(first, end, [most](const auto& entry) {
    uint64_t number = 0;
    const absl::string_view text(entry.second.data(), entry.second.size());
    return !absl::SimpleAtoi(text, &number) || number > most;
  });
}

// gRPC clients that retry (gRFC A6) send the number of earlier attempts. Envoy and Istio send the
// number of all attempts, including this one.
bool IsRepeat(const grpc::ServerContextBase& context) {
  return CountsMoreThan(0, context, kPreviousAttempts) || CountsMoreThan(1, context, kEnvoyAttempt);
}

}  // namespace

std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most) {
  size_t size = 0;
  for (const auto& [name, value] : context.client_metadata()) {
    size += name.size() + value.size() + kOverhead;
  }
  if (size <= most) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kResourceExhausted, "METADATA_TOO_LARGE",
                          absl::StrCat("the call's metadata has ", size, " bytes, more than the ",
                                       most, " of server.max_metadata_bytes"));
}

// Four compressed megabytes may expand to four gigabytes. UNIMPLEMENTED tells a client to send
// messages uncompressed.
std::optional<mapping::Failure> CheckMessage(const grpc::ByteBuffer& message, bool compressed,
                                             size_t most) {
  if (compressed) {
    return mapping::NotSent(absl::StatusCode::kUnimplemented, "REQUEST_COMPRESSED",
                            "the gateway takes no compressed requests");
  }
  if (message.Length() <= most) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                          absl::StrCat("the request has ", message.Length(),
                                       " bytes, more than the ", most, " of max_request_bytes"));
}

std::optional<absl::string_view> OnlyValue(const grpc::ServerContextBase& context,
                                           const char* name) {
  const auto [first, end] = context.client_metadata().equal_range(name);
  if (first == end) return std::nullopt;
  if (std::next(first) != end) return "";
  return absl::string_view(first->second.data(), first->second.size());
}

std::variant<bool, mapping::Failure> IsValidateOnly(const grpc::ServerContextBase& context) {
  const auto value = OnlyValue(context, kValidateOnly);
  if (!value || *value == "false") return false;
  if (*value == "true") return true;
  return mapping::NotSent(absl::StatusCode::kInvalidArgument, "VALIDATE_ONLY_INVALID",
                          "gateway-validate-only must be given once, as true or false");
}

CallTerms TermsOf(const grpc::ServerContextBase& context, absl::Duration default_deadline) {
  return {.deadline = DeadlineOf(context, default_deadline),
          .idempotency_key = OnlyValue(context, kIdempotencyKey),
          .repeated = IsRepeat(context),
          .caller_key = OnlyValue(context, kCallerKey)};
}

}  // namespace gateway
