// The interface through which a forwarder hands events on. HTTP and NATS implement it, and so do
// fakes in tests.
//
// Thread-safety: may be used from any thread. Lifetime: outlives the calls of `done`.
#ifndef SERVICE_EVENTS_FORWARD_TARGET_H_
#define SERVICE_EVENTS_FORWARD_TARGET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "service/events/forward/message.h"
#include "upstream/steady_time.h"

namespace gateway::events {

enum class Handover : uint8_t {
  kTaken,
  kDuplicate,    // taken: the target had it already
  kRefused,      // the target does not want this event
  kFailed,       // the target answered that it cannot now, or gave no answer: it may have the event
  kGone,         // the target wants no more events
  kUnreachable,  // nothing was sent
  kUnreadable,   // the event cannot be decrypted: nothing was sent
  kUnsigned,     // nobody has signed the event: nothing was sent
};
inline constexpr std::array kHandovers = {
    Handover::kTaken, Handover::kDuplicate,   Handover::kRefused,    Handover::kFailed,
    Handover::kGone,  Handover::kUnreachable, Handover::kUnreadable, Handover::kUnsigned};
// For metrics and the log: "taken".
const char* Name(Handover handover);

struct HandoverResult {
  Handover handover = Handover::kFailed;
  // For the log: "HTTP 503". Holds nothing of the event.
  std::string reason = {};
  // The pause that the target asked for; empty: none.
  std::optional<absl::Duration> retry_after = {};
};

class Target {
 public:
  using Done = absl::AnyInvocable<void(HandoverResult)>;

  virtual ~Target() = default;

  // Does not block. Calls `done` once: soon after the deadline at the latest, and perhaps before
  // HandOn returns. `done` must not block its thread.
  virtual void HandOn(Message message, SteadyTime deadline, Done done) = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_TARGET_H_
