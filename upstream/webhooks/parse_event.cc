#include "upstream/webhooks/parse_event.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "upstream/webhooks/request_reader.h"

namespace gateway::webhooks {
namespace {

// A reason for a refusal. There is one constant for each reason that the proto lists.
struct Reason {
  absl::string_view name;
  absl::StatusCode code;
};
constexpr Reason kNotVerified = {"WEBHOOK_NOT_VERIFIED", absl::StatusCode::kUnauthenticated};
constexpr Reason kUnknownProvider = {"UNKNOWN_PROVIDER", absl::StatusCode::kInvalidArgument};
constexpr Reason kInvalidRequest = {"INVALID_REQUEST", absl::StatusCode::kInvalidArgument};
// The provider signed the event. If the event cannot be read, the fault is the gateway's, not the
// sender's.
constexpr Reason kUnreadableEvent = {"UNREADABLE_EVENT", absl::StatusCode::kInternal};
constexpr Reason kTooLarge = {"WEBHOOK_TOO_LARGE", absl::StatusCode::kResourceExhausted};

Refusal Refuse(const Reason& reason, std::string message, absl::string_view check) {
  Refusal refusal;
  refusal.failure.code = reason.code;
  refusal.failure.outcome = mapping::Outcome::kNotSent;
  refusal.failure.reason = std::string(reason.name);
  refusal.failure.message = std::move(message);
  refusal.check = check;
  return refusal;
}

Refusal Invalid(std::string field, std::string description, absl::string_view check) {
  Refusal refusal = Refuse(
      kInvalidRequest,
      absl::StrCat("the request is not valid: ", field, field.empty() ? "" : " ", description),
      check);
  refusal.failure.violations.push_back({std::move(field), std::move(description)});
  return refusal;
}

Refusal OfVerdict(const Verdict& verdict) {
  const absl::string_view check = Name(verdict.check);
  switch (verdict.check) {
    case Check::kMissingHeader:
    case Check::kRepeatedHeader:
      return Invalid("headers", absl::StrCat("must have ", verdict.header, " once"), check);
    default:
      return Refuse(kNotVerified, "the webhook could not be verified", check);
  }
}

std::variant<Event, Refusal> ParseRequest(const EventReader& reader, const Settings& settings,
                                          const Request& request, const Verifier& verifier,
                                          absl::Time now) {
  if (request.body.empty()) return Invalid("body", "is required", "missing_body");
  if (request.body.size() > static_cast<size_t>(settings.max_body_bytes)) {
    return Refuse(kTooLarge,
                  absl::StrCat("the webhook's body is longer than ", settings.max_body_bytes,
                               " bytes, which is the limit"),
                  "too_large");
  }
  const Verdict verdict = verifier.Verify(request.headers, request.body, now);
  if (verdict.check != Check::kPassed) return OfVerdict(verdict);
  auto event = reader.Read(verifier.scheme(), request.body, verdict.time);
  if (auto* const unreadable = std::get_if<Unreadable>(&event)) {
    return Refuse(kUnreadableEvent, absl::StrCat("the event cannot be read: ", unreadable->problem),
                  "unreadable");
  }
  return std::get<Event>(std::move(event));
}

}  // namespace

std::variant<Event, Refusal> ParseEvent(const EventReader& reader, const Settings& settings,
                                        absl::string_view bytes, absl::Time now) {
  const auto read = ReadRequest(bytes);
  if (const auto* const bad = std::get_if<BadRequest>(&read)) {
    return Invalid("", bad->description, "malformed");
  }
  const Request& request = std::get<Request>(read);
  if (request.provider.empty()) return Invalid("provider", "is required", "missing_provider");
  const auto provider = settings.providers.find(request.provider);
  if (provider == settings.providers.end()) {
    return Refuse(kUnknownProvider, "webhooks of this provider are not configured",
                  "unknown_provider");
  }
  auto answer = ParseRequest(reader, settings, request, provider->second, now);
  if (auto* const refusal = std::get_if<Refusal>(&answer)) {
    refusal->provider = provider->second.scheme().provider();
  }
  return answer;
}

}  // namespace gateway::webhooks
