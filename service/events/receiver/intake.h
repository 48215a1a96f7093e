// What becomes of a webhook, from its path to the log; without HTTP.
//
//   path -> whose -> Foresee: headers alone -> (body) -> Take: verified -> key -> log, durable ->
//   done
//
//   const std::optional<std::string> provider = intake.ProviderOf("/webhooks/paynow");
//   if (auto end = intake.Foresee(*provider, headers, now)) ... answer *end; do not read the body
//   intake.Take(*provider, headers, body, now, [](Outcome outcome) { ... answer ... });
//
// Thread-safety: may be used from any thread. `done` is called once, perhaps on a thread of the
// log. Lifetime: outlives the calls of `done`. The log and `settings` outlive it.
#ifndef SERVICE_EVENTS_RECEIVER_INTAKE_H_
#define SERVICE_EVENTS_RECEIVER_INTAKE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "service/events/event_log.h"
#include "service/ledger/reply_cipher.h"
#include "service/log/log_throttle.h"
#include "upstream/webhooks/parse_event.h"
#include "upstream/webhooks/verifier.h"

namespace gateway::events {

enum class Outcome : uint8_t {
  kKept,
  kDuplicate,    // the log had it
  kConflict,     // kept, beside one of this id with another body
  kNotVerified,  // it is not genuine, or not of now
  kUnavailable,  // the log cannot take it: the provider is to come again
};
inline constexpr std::array kOutcomes = {Outcome::kKept, Outcome::kDuplicate, Outcome::kConflict,
                                         Outcome::kNotVerified, Outcome::kUnavailable};
// For metrics: "kept".
const char* Name(Outcome outcome);

class Intake {
 public:
  using Settings = std::function<std::shared_ptr<const webhooks::Settings>()>;

  // `schemes`: of all providers. `settings`: those in force; a delivery goes by one of them from
  // its beginning to its end.
  Intake(EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
         const webhooks::Schemes& schemes, Settings settings);

  // "/webhooks/{provider}": of a provider that is configured and signs its webhooks.
  std::optional<std::string> ProviderOf(absl::string_view path) const;
  size_t max_body_bytes() const;

  using Headers = absl::Span<const webhooks::Header>;

  // How the delivery would end, whatever its body is.
  std::optional<Outcome> Foresee(const std::string& provider, Headers headers, absl::Time now);
  void Take(const std::string& provider, Headers headers, absl::string_view body, absl::Time now,
            absl::AnyInvocable<void(Outcome)> done);

  // By provider and outcome.
  uint64_t count(const std::string& provider, Outcome outcome) const;
  // Genuine, and no JSON object: kept as they are.
  uint64_t unreadable() const { return unreadable_; }

 private:
  struct Counters {
    std::array<std::atomic<uint64_t>, kOutcomes.size()> of{};
  };

  Outcome Refuse(const std::string& provider, const webhooks::Verdict& verdict, absl::Time now);
  Outcome Count(const std::string& provider, Outcome outcome);

  EventLog& log_;
  const std::shared_ptr<ledger::ReplyCipher> cipher_;
  const Settings settings_;
  std::map<std::string, Counters> counters_;  // of every provider; constant after construction
  std::atomic<uint64_t> unreadable_{0};
  LogThrottle throttle_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_INTAKE_H_
