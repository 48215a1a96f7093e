// What becomes of a webhook, from its path to the log; without HTTP.
//
//   path -> whose -> Foresee: headers alone -> (body) -> Take: verified -> key -> log, durable ->
//   done
//
//   const std::optional<Address> address = intake.AddressOf("/webhooks/paynow");
//   if (auto end = intake.Foresee(*address, headers, now)) ... answer *end; do not read the body
//   intake.Take(*address, headers, body, now, [](Outcome outcome) { ... answer ... });
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
#include "service/events/receiver/unsigned_allowance.h"
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
  kTooMany,      // nobody has signed it, and too much of that came: likewise
};
inline constexpr std::array kOutcomes = {Outcome::kKept,        Outcome::kDuplicate,
                                         Outcome::kConflict,    Outcome::kNotVerified,
                                         Outcome::kUnavailable, Outcome::kTooMany};
// For metrics: "kept".
const char* Name(Outcome outcome);

// Whom a webhook was sent to.
struct Address {
  std::string provider;
  std::string account;  // "": the provider's only one
};

class Intake {
 public:
  using Settings = std::function<std::shared_ptr<const webhooks::Settings>()>;

  // `schemes`: of all providers. `settings`: those in force; a delivery goes by one of them from
  // its beginning to its end.
  Intake(EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
         const webhooks::Schemes& schemes, Settings settings, const LogBounds& bounds = {});

  // "/webhooks/{provider}" or "/webhooks/{provider}/{account}", letter by letter: of those that are
  // configured. A provider that signs nothing is received where its events can be read anew before
  // they are believed (gateway.signing.v1.Read).
  std::optional<Address> AddressOf(absl::string_view path) const;
  // Of a body that is sent there.
  size_t MaxBodyBytes(const Address& address) const;

  // Tells the log, once a second at most, that such a body was longer.
  void TellTooLarge(const Address& address, absl::Time now);

  using Headers = absl::Span<const webhooks::Header>;

  // How the delivery would end, whatever its body is.
  std::optional<Outcome> Foresee(const Address& address, Headers headers, absl::Time now);
  void Take(const Address& address, Headers headers, absl::string_view body, absl::Time now,
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
  UnsignedAllowance allowance_;
  LogThrottle throttle_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_INTAKE_H_
