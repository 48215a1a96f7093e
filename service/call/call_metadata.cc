#include "service/call/call_metadata.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

constexpr size_t kOverhead = 32;

// Metadata of a call that brings its own key for the upstream.
constexpr char kCallerKey[] = "upstream-api-key";

// Metadata by which those who repeat a call say so.
constexpr char kPreviousAttempts[] = "grpc-previous-rpc-attempts";
constexpr char kEnvoyAttempt[] = "x-envoy-attempt-count";

// A client's clock strikes at its deadline, whether or not the gateway's answer is on its way; then
// it has not heard what happened. So a part of the time is the answer's. On a machine with more
// work than processors it takes some tens of milliseconds to get there.
absl::Duration TimeToAnswer(absl::Duration left) {
  // A client tells its timeout rounded up, by a hundredth at most, and gives up when the exact one
  // is over.
  return left / 100 + std::min(left / 20, absl::Milliseconds(100));
}

SteadyTime DeadlineOf(const grpc::ServerContextBase& context, absl::Duration fallback) {
  const auto deadline = context.deadline();
  const SteadyTime now = SteadyTime::Now();
  if (deadline == std::chrono::system_clock::time_point::max()) return now + fallback;
  const absl::Duration left = absl::FromChrono(deadline) - absl::Now();
  return now + left - TimeToAnswer(std::max(left, absl::ZeroDuration()));
}

int64_t CountIn(const grpc::ServerContextBase& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return 0;
  int64_t number = 0;
  const absl::string_view text(found->second.data(), found->second.size());
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

// gRPC clients that retry (gRFC A6) count earlier attempts, Envoy and Istio count this one too.
bool IsRepeat(const grpc::ServerContextBase& context) {
  return CountIn(context, kPreviousAttempts) >= 1 || CountIn(context, kEnvoyAttempt) >= 2;
}

}  // namespace

std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most) {
  size_t size = 0;
  for (const auto& [name, value] : context.client_metadata()) {
    size += name.size() + value.size() + kOverhead;
  }
  if (size <= most) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kResourceExhausted, "METADATA_TOO_LARGE",
                          "the call's metadata is larger than server.max_metadata_bytes");
}

// Compressed, four megabytes may become four gigabytes. UNIMPLEMENTED is what tells a client to
// send them as they are.
std::optional<mapping::Failure> CheckMessage(const grpc::ByteBuffer& message, bool compressed,
                                             size_t most) {
  if (compressed) {
    return mapping::NotSent(absl::StatusCode::kUnimplemented, "REQUEST_COMPRESSED",
                            "the gateway takes no compressed requests");
  }
  if (message.Length() <= most) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE",
                          "the request is larger than max_request_bytes");
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
