// Takes a webhook from its path to the log. It does not read or write HTTP itself.
//
//   path -> AddressOf -> Foresee: checks the headers alone -> (the caller reads the body)
//        -> Take: verifies -> key -> log, durable -> done
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
  kDuplicate,    // the log had the event already
  kConflict,     // kept; the log also has an event of this id with another body
  kNotVerified,  // not genuine, or its time is too far from now
  kUnavailable,  // the log cannot take it: the provider has to send it again
  kTooMany,      // unsigned, and too many of these came: the provider has to send it again
};
inline constexpr std::array kOutcomes = {Outcome::kKept,        Outcome::kDuplicate,
                                         Outcome::kConflict,    Outcome::kNotVerified,
                                         Outcome::kUnavailable, Outcome::kTooMany};
// For metrics: "kept".
const char* Name(Outcome outcome);

// The provider and the account that the path of a webhook names.
struct Address {
  std::string provider;
  std::string account;  // "": the provider has only one
  // The settings in force when the delivery began. The whole delivery uses them. Never null.
  std::shared_ptr<const webhooks::Settings> settings;
};

class Intake {
 public:
  using Settings = std::function<std::shared_ptr<const webhooks::Settings>()>;

  // `schemes`: of all providers. `settings` returns the settings that are in force; AddressOf calls
  // it.
  Intake(EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
         const webhooks::Schemes& schemes, Settings settings, const LogBounds& bounds = {});

  // Reads "/webhooks/{provider}" or "/webhooks/{provider}/{account}". Returns nullopt if these are
  // not configured exactly so. Also returns nullopt if the provider signs nothing, and its scheme
  // does not say how to read an event's object anew (gateway.signing.v1.Read).
  std::optional<Address> AddressOf(absl::string_view path) const;
  // The largest body that is taken at this address.
  size_t MaxBodyBytes(const Address& address) const;

  // Logs that a body was larger than MaxBodyBytes: for each provider at most once a second.
  void TellTooLarge(const Address& address, absl::Time now);

  using Headers = absl::Span<const webhooks::Header>;

  // Checks the headers before the body is read. Returns the outcome if the delivery is refused
  // whatever its body is; nullopt if the body has to be read.
  std::optional<Outcome> Foresee(const Address& address, Headers headers, absl::Time now);
  void Take(const Address& address, Headers headers, absl::string_view body, absl::Time now,
            absl::AnyInvocable<void(Outcome)> done);

  // By provider and outcome.
  uint64_t count(const std::string& provider, Outcome outcome) const;
  // Deliveries that are genuine, but no JSON object. They are kept as they are.
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
