#include "service/events/receiver/intake.h"

#include <algorithm>
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

// Returns null if the settings have no verifier for the address.
const webhooks::Verifier* VerifierOf(const Address& address) {
  const webhooks::Settings& settings = *address.settings;
  const auto& verifiers = address.account.empty() ? settings.providers : settings.accounts;
  const auto found = verifiers.find(address.account.empty()
                                        ? address.provider
                                        : absl::StrCat(address.provider, "/", address.account));
  return found == verifiers.end() ? nullptr : &found->second;
}

}  // namespace

const char* Name(Outcome outcome) {
  constexpr std::array kNames = {"kept",         "duplicate",   "conflict",
                                 "not_verified", "unavailable", "too_many"};
  static_assert(kNames.size() == kOutcomes.size());
  return kNames[static_cast<size_t>(outcome)];
}

Intake::Intake(EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
               const webhooks::Schemes& schemes, Settings settings, const LogBounds& bounds)
    : log_(log),
      cipher_(std::move(cipher)),
      settings_(std::move(settings)),
      allowance_(bounds),
      throttle_(absl::Seconds(1)) {
  for (const auto& [provider, scheme] : schemes.by_provider()) counters_[provider];
}

std::optional<Address> Intake::AddressOf(absl::string_view path) const {
  if (!absl::ConsumePrefix(&path, kPrefix)) return std::nullopt;
  const size_t slash = path.find('/');
  Address address{std::string(path.substr(0, slash)), "", nullptr};
  if (slash != absl::string_view::npos) {
    address.account = std::string(path.substr(slash + 1));
    if (address.account.empty()) return std::nullopt;
  }
  address.settings = settings_();
  const webhooks::Verifier* const verifier = VerifierOf(address);
  if (verifier == nullptr) return std::nullopt;
  const webhooks::Scheme& scheme = verifier->scheme();
  if (!scheme.has_signature() && scheme.current().empty()) return std::nullopt;
  return address;
}

size_t Intake::MaxBodyBytes(const Address& address) const {
  const auto most = static_cast<size_t>(address.settings->max_body_bytes);
  const webhooks::Verifier* const verifier = VerifierOf(address);
  const bool is_unsigned = verifier != nullptr && !verifier->scheme().has_signature();
  return is_unsigned ? std::min(most, UnsignedAllowance::kMostBytes) : most;
}

void Intake::TellTooLarge(const Address& address, absl::Time now) {
  const auto left_out = throttle_.Pass(absl::StrCat(address.provider, " too large"), now);
  if (!left_out) return;
  Log(Severity::kWarning, "a webhook that was received is too large",
      {{"provider", address.provider},
       {"max_body_bytes", static_cast<int64_t>(MaxBodyBytes(address))},
       {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
}

std::optional<Outcome> Intake::Foresee(const Address& address, Headers headers, absl::Time now) {
  const std::string& provider = address.provider;
  const webhooks::Verifier* const verifier = VerifierOf(address);
  if (verifier == nullptr) return Count(provider, Outcome::kNotVerified);
  const webhooks::Verdict verdict = verifier->Foresee(headers, now);
  if (verdict.check == webhooks::Check::kPassed) return std::nullopt;
  return Refuse(provider, verdict, now);
}

void Intake::Take(const Address& address, Headers headers, absl::string_view body, absl::Time now,
                  absl::AnyInvocable<void(Outcome)> done) {
  const std::string& provider = address.provider;
  const webhooks::Verifier* const verifier = VerifierOf(address);
  if (verifier == nullptr) return done(Count(provider, Outcome::kNotVerified));
  const webhooks::Verdict verdict = verifier->Verify(headers, body, now);
  if (verdict.check != webhooks::Check::kPassed) return done(Refuse(provider, verdict, now));
  const bool is_signed = verifier->scheme().has_signature();
  if (!is_signed && !allowance_.Take(body.size())) return done(Count(provider, Outcome::kTooMany));
  SealedEvent sealed;
  Event& event = sealed.event;
  event.head.provider = provider;
  event.head.name = address.account;
  event.signed_time = verdict.time;
  // The key of an unsigned event is not kept: its object is read anew whenever it comes, so to send
  // it again does no harm, and strangers cannot fill the log with keys that stay for good.
  event.keep_key = is_signed && !verifier->BoundsAge();
  if (auto summary = webhooks::Summarize(verifier->scheme(), body)) {
    if (is_signed) sealed.fact = FactOf(provider, summary->fact_type, summary->fact_id);
    event.head.id = std::move(summary->id);
    event.head.type = std::move(summary->type);
    event.head.store = std::move(summary->store);
    event.head.resource = std::move(summary->resource);
  } else if (!is_signed) {
    return done(Count(provider, Outcome::kNotVerified));
  } else {
    ++unreadable_;
  }
  event.body = std::string(body);
  sealed.key = is_signed ? KeyOf(event) : HintKeyOf(event);
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

// The sender learns only that the webhook was refused. The gateway's log says which check failed.
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
