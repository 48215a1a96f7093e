// One entry of `events.forward`: the gateway itself is the consumer of a subscription.
//
//   log: Pull -> MessageOf -> Target::HandOn -> taken: Acknowledge
//                                            -> nothing was sent: given back, the try does not
//                                            count
//                                            -> else: out until its pause is over, then again;
//                                            after
//                                               the subscription's last try a dead letter
//
// An event that nobody has signed is a hint that has to be read anew, as EventService does: it is
// acknowledged and handed to nobody.
//
// At least once: between the target's answer and a durable acknowledgement the process may die, and
// then the event is handed on again, with the same id.
//
// Memory: at most `pacing.most` events are under way. What waits is in the log.
//
// Thread-safety: may be used from any thread. It has a thread of its own. Lifetime: the log, the
// reader and what `target` returns outlive it. The destructor waits for the events that are under
// way, each until its timeout at most.
#ifndef SERVICE_EVENTS_FORWARD_FORWARDER_H_
#define SERVICE_EVENTS_FORWARD_FORWARDER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/time/time.h"
#include "service/events/event_log.h"
#include "service/events/forward/pacing.h"
#include "service/events/forward/target.h"
#include "service/ledger/reply_cipher.h"
#include "service/log/log_throttle.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway::events {

struct ForwarderOptions {
  std::string subscription;   // its name, and that of the forwarder
  int32_t max_attempts = 20;  // the subscription's
  // Of one hand-over. The subscription's ack_deadline is well above it.
  absl::Duration timeout = absl::Seconds(10);
  Pacing::Options pacing = {};
};

class Forwarder {
 public:
  // The target in force. An event goes to one of them from its beginning to its end.
  using CurrentTarget = std::function<std::shared_ptr<Target>()>;

  Forwarder(ForwarderOptions options, EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
            const webhooks::EventReader& reader, CurrentTarget target);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // No event is begun from here on. Does not block.
  void Stop();

  const std::string& name() const { return options_.subscription; }
  uint64_t count(Handover handover) const;
  // Of all hand-overs together.
  absl::Duration time() const { return absl::Nanoseconds(nanoseconds_.load()); }
  size_t in_flight() const;
  // Whether the last hand-over failed, so that the target gets one event at a time.
  bool failing() const;

 private:
  struct Attempt {
    AckId ack_id;
    int32_t number = 0;  // of the try
    SteadyTime begun;
  };

  void Run();
  // How many events may begin now; 0: none will any more. Waits for it.
  size_t AwaitRoom();
  size_t RoomNow(SteadyTime now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Received> Pull(size_t most);
  void Begin(Received received);
  // Also on threads of the target.
  void Ended(const Attempt& attempt, const HandoverResult& result);
  void Count(const Attempt& attempt, const HandoverResult& result);
  ModifyRequest NextOf(const Attempt& attempt, const HandoverResult& result);
  void TakeBack(const std::vector<Received>& received, size_t from);

  const ForwarderOptions options_;
  EventLog& log_;
  const std::shared_ptr<ledger::ReplyCipher> cipher_;
  const webhooks::EventReader& reader_;
  const CurrentTarget target_;
  std::array<std::atomic<uint64_t>, kHandovers.size()> counts_{};
  std::atomic<int64_t> nanoseconds_{0};
  LogThrottle throttle_{absl::Seconds(10)};

  mutable Mutex mutex_;
  CondVar changed_;
  Pacing pacing_ ABSL_GUARDED_BY(mutex_);
  absl::BitGen random_ ABSL_GUARDED_BY(mutex_);
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<PullId> pull_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_FORWARDER_H_
