// One entry of `events.forward`: the gateway itself is the consumer of a subscription.
//
//   log: Pull -> MessageOf -> Target::HandOn -> a result (see Handover) -> log: Modify
//
//   result             what happens to the event
//   taken, duplicate   it is acknowledged
//   unsigned           it is acknowledged, and was not handed on
//   unreachable        it is given back; the try does not count
//   any other          it is handed on again after a pause; after the last try: a dead letter
//
// An event of a provider that signs nothing is only a hint: its object has to be read anew from the
// provider's API, as EventService does. The forwarder does not read it, so it hands on no such
// event.
//
// At least once: if the process dies after the target's answer and before the acknowledgement is
// durable, the event is handed on again, with its first id.
//
// Memory: at most `pacing.most` events are under way. Events that wait are in the log.
//
// Thread-safety: may be used from any thread. It has a thread of its own. Lifetime: the log, the
// reader and everything that `target` uses must outlive it. The destructor waits for the events
// that are under way, each until its timeout at most.
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
  std::string subscription;   // the name of the subscription, and of the forwarder
  int32_t max_attempts = 20;  // as Subscription::max_attempts
  // The limit for one hand-over. Subscription::ack_deadline is much longer.
  absl::Duration timeout = absl::Seconds(10);
  Pacing::Options pacing = {};
};

class Forwarder {
 public:
  // Returns the target that is in force. An event keeps the target with which its hand-over began.
  using CurrentTarget = std::function<std::shared_ptr<Target>()>;

  Forwarder(ForwarderOptions options, EventLog& log, std::shared_ptr<ledger::ReplyCipher> cipher,
            const webhooks::EventReader& reader, CurrentTarget target);
  ~Forwarder();
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  // After Stop no further event is handed on. Does not block.
  void Stop();

  const std::string& name() const { return options_.subscription; }
  uint64_t count(Handover handover) const;
  // The time of all hand-overs together.
  absl::Duration time() const { return absl::Nanoseconds(nanoseconds_.load()); }
  size_t in_flight() const;
  // Whether the last hand-over failed, so that the target gets one event at a time.
  bool failing() const;

 private:
  struct Attempt {
    AckId ack_id;
    int32_t number = 0;  // 1: the first try
    SteadyTime begun;
  };

  void Run();
  // Waits until events may begin. Returns how many; 0 if Stop was called.
  size_t AwaitRoom();
  size_t RoomNow(SteadyTime now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Received> Pull(size_t most);
  void Begin(Received received);
  // Called on the forwarder's thread, or on a thread of the target.
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

  std::thread thread_;  // last: it uses the members above
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_FORWARDER_H_
