#include "service/events/receiver/intake.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "service/log/log.h"
#include "upstream/webhooks/event_summary.h"

namespace gateway::events {
namespace {

constexpr absl::string_view kPrefix = "/webhooks/";

Outcome OutcomeOf(const absl::StatusOr<Appended>& appended) {
  if (!appended.ok()) return Outcome::kUnavailable;
  switch (appended->kind) {
    case Appended::kNew:
      return Outcome::kKept;
    case Appended::kDuplicate:
      return Outcome::kDuplicate;
    case Appended::kConflict:
      return Outcome::kConflict;
  }
  return Outcome::kUnavailable;
}

}  // namespace

const char* Name(Outcome outcome) {
  constexpr std::array kNames = {"kept", "duplicate", "conflict", "not_verified", "unavailable"};
  static_assert(kNames.size() == kOutcomes.size());
  return kNames[static_cast<size_t>(outcome)];
}

Intake::Intake(EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
               const webhooks::Schemes& schemes, Settings settings)
    : log_(log),
      cipher_(std::move(cipher)),
      settings_(std::move(settings)),
      throttle_(absl::Seconds(1)) {
  for (const auto& [provider, scheme] : schemes.by_provider()) counters_[provider];
}

std::optional<std::string> Intake::ProviderOf(absl::string_view path) const {
  if (!absl::ConsumePrefix(&path, kPrefix)) return std::nullopt;
  const std::shared_ptr<const webhooks::Settings> settings = settings_();
  const auto found = settings->providers.find(path);
  if (found == settings->providers.end()) return std::nullopt;
  // What nobody has signed must not come from here: anybody could fill the log.
  if (!found->second.scheme().has_signature()) return std::nullopt;
  return found->first;
}

size_t Intake::max_body_bytes() const { return static_cast<size_t>(settings_()->max_body_bytes); }

std::optional<Outcome> Intake::Foresee(const std::string& provider, Headers headers,
                                       absl::Time now) {
  const std::shared_ptr<const webhooks::Settings> settings = settings_();
  const auto verifier = settings->providers.find(provider);
  if (verifier == settings->providers.end()) return Count(provider, Outcome::kNotVerified);
  const webhooks::Verdict verdict = verifier->second.Foresee(headers, now);
  if (verdict.check == webhooks::Check::kPassed) return std::nullopt;
  return Refuse(provider, verdict, now);
}

void Intake::Take(const std::string& provider, Headers headers, absl::string_view body,
                  absl::Time now, absl::AnyInvocable<void(Outcome)> done) {
  const std::shared_ptr<const webhooks::Settings> settings = settings_();
  const auto verifier = settings->providers.find(provider);
  if (verifier == settings->providers.end()) return done(Count(provider, Outcome::kNotVerified));
  const webhooks::Verdict verdict = verifier->second.Verify(headers, body, now);
  if (verdict.check != webhooks::Check::kPassed) return done(Refuse(provider, verdict, now));
  SealedEvent sealed;
  Event& event = sealed.event;
  event.head.provider = provider;
  event.signed_time = verdict.time;
  event.keep_key = !verifier->second.BoundsAge();
  if (auto summary = webhooks::Summarize(verifier->second.scheme(), body)) {
    event.head.id = std::move(summary->id);
    event.head.type = std::move(summary->type);
    event.head.store = std::move(summary->store);
    event.head.resource = std::move(summary->resource);
  } else {
    ++unreadable_;
  }
  event.body = std::string(body);
  sealed.key = KeyOf(event);
  absl::StatusOr<std::string> bytes = SealBody(*cipher_, sealed.key, event.body);
  if (!bytes.ok()) return done(Count(provider, Outcome::kUnavailable));
  sealed.sealed_body = *std::move(bytes);
  event.body.clear();
  log_.Append(std::move(sealed), [this, provider, done = std::move(done)](
                                     const absl::StatusOr<Appended>& appended) mutable {
    done(Count(provider, OutcomeOf(appended)));
  });
}

uint64_t Intake::count(const std::string& provider, Outcome outcome) const {
  return counters_.at(provider).of[static_cast<size_t>(outcome)].load(std::memory_order_relaxed);
}

Outcome Intake::Count(const std::string& provider, Outcome outcome) {
  counters_.at(provider).of[static_cast<size_t>(outcome)].fetch_add(1, std::memory_order_relaxed);
  return outcome;
}

// Whoever sent it is told no more than that; the log says which check it was.
Outcome Intake::Refuse(const std::string& provider, const webhooks::Verdict& verdict,
                       absl::Time now) {
  const std::string check(webhooks::Name(verdict.check));
  if (const auto left_out = throttle_.Pass(absl::StrCat(provider, " ", check), now)) {
    Log(Severity::kWarning, "a webhook that was received is refused",
        {{"provider", provider},
         {"check", check},
         {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
  }
  return Count(provider, Outcome::kNotVerified);
}

}  // namespace gateway::events
