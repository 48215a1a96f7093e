// The log of events. It is append-only, and knows for each subscription which events are done.
//
//   Append -> the event is durable, or was known already -> the provider is answered 2xx
//   Pull   -> events are handed out -> Acknowledge -> durable: they are not handed out again
//
// At least once: an event that was appended is handed to each subscription whose filter it passes,
// again and again until it is acknowledged, given up as a dead letter, or older than `keep`.
//
// Asynchrony. No function waits for a disk. Each `done` is called one time, on a thread of the log,
// with no lock held, and should be short. `done` may call the log again.
//
// Errors, for every function:
//   UNAVAILABLE       the log cannot be read or written now, and the message says why. If the
//                     connection was lost before the database answered, the operation may have been
//                     done all the same. It may be repeated: an event that is appended again is a
//                     duplicate, and a second acknowledgement does no harm. Events that were handed
//                     out are handed out again after their deadline.
//   NOT_FOUND         there is no subscription of this name.
//   INVALID_ARGUMENT  the request is wrong.
//
// Thread-safety: may be called from any thread. Lifetime: the destructor finishes what was asked,
// as far as the log can be written, and calls every `done`. A Pull that waits ends without events,
// or with UNAVAILABLE if the log cannot be written.
#ifndef SERVICE_EVENTS_EVENT_LOG_H_
#define SERVICE_EVENTS_EVENT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/events/ack_id.h"
#include "service/events/deliveries.h"
#include "service/events/event.h"
#include "upstream/steady_time.h"

namespace gateway::events {

template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>)>;

// An event on its way into the log, or out of it: the body is sealed (see event.h).
struct SealedEvent {
  Event event;  // without body
  Key key;
  std::string sealed_body;
  std::string fact = {};  // see FactOf; "": it reports no fact. A Pull does not return it.
};

struct Appended {
  enum Kind {
    kNew,
    kDuplicate,  // the log had the event already
    kConflict,   // the log had an event of this id with another body, and has both now
  };
  Kind kind = kNew;
  int64_t number = 0;
};

using PullId = uint64_t;

struct PullRequest {
  std::string subscription;
  size_t max_events = 100;
  // The limit for the sealed bodies together. The first event is returned whatever its size.
  size_t max_bytes = size_t{2} << 20;
  // If there is no event by then, the Pull ends without events.
  SteadyTime until = SteadyTime::Now();
};

struct Received {
  SealedEvent event;
  AckId ack_id;
  int32_t attempt = 1;
};

// For each ack id, or each number, of the request: whether it had an effect.
using Effects = std::vector<bool>;

struct ModifyRequest {
  enum What {
    kAcknowledge,
    kExtend,    // the events stay handed out until `deadline`
    kGiveBack,  // handed out again at once; after the last try, they become dead letters
    kTakeBack,  // as kGiveBack, but the try does not count: no consumer has seen the events
    kPostpone,  // handed out again after their deadline; the try does not count
    kDoubt,     // as kPostpone; after Deliveries::kMostDoubts of these they are acknowledged
  };
  std::string subscription;
  What what = kAcknowledge;
  std::vector<AckId> ack_ids = {};
  SteadyTime deadline = SteadyTime::InfinitePast();
};

struct DeadLetter {
  Head head;
  absl::Time since;
  int32_t attempts = 0;
};

struct DeadLettersRequest {
  std::string subscription;
  int64_t after = 0;  // the last number of the page before; 0: the first page
  size_t limit = 100;
};

struct RedeliverRequest {
  std::string subscription;
  std::vector<int64_t> numbers;
};

struct SeekRequest {
  std::string subscription;
  std::variant<int64_t, absl::Time> target;
};

struct SubscriptionStats {
  uint64_t backlog = 0;  // events that are not done; some may not pass the filter
  // The time since the oldest event of the backlog was received; zero if there is no such event.
  absl::Duration oldest_age = absl::ZeroDuration();
  uint64_t out = 0;           // handed out, and not acknowledged yet
  uint64_t dead_letters = 0;  // some may not pass the filter
  Deliveries::Counters counters;
};

struct LogStats {
  std::map<std::string, SubscriptionStats> subscriptions;
  // These five are counted from the start of the process.
  uint64_t events = 0;  // that were appended
  uint64_t duplicates = 0;
  uint64_t conflicts = 0;
  uint64_t commits = 0;
  uint64_t failed_commits = 0;
  uint64_t bytes = 0;       // that the log takes up now
  std::string unavailable;  // why the log cannot be written; "": it can be written
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // An event is a duplicate if the log has its key. It is also a duplicate if the log has an event
  // of its fact, and a sweep has found at least one of the two.
  virtual void Append(SealedEvent event, Done<Appended> done) = 0;
  // The log has stored the facts of all deliveries from this time on. InfiniteFuture() until the
  // database was reached for the first time.
  virtual absl::Time facts_since() const = 0;

  virtual PullId Pull(PullRequest request, Done<std::vector<Received>> done) = 0;
  // Ends a Pull that waits: its `done` gets no events. Does nothing if the Pull has ended.
  virtual void CancelPull(PullId pull) = 0;

  virtual void Modify(ModifyRequest request, Done<Effects> done) = 0;

  // ListDeadLetters and Redeliver treat a dead letter that does not pass the subscription's present
  // filter as if it did not exist.
  virtual void ListDeadLetters(DeadLettersRequest request, Done<std::vector<DeadLetter>> done) = 0;
  // Hands dead letters out again. The result says for each number whether it was a dead letter.
  virtual void Redeliver(RedeliverRequest request, Done<Effects> done) = 0;

  // Moves the subscription to a number or a time. The result is the number at which it goes on.
  virtual void Seek(SeekRequest request, Done<int64_t> done) = 0;

  // The log's secret for ack ids (see ack_id.h). "" until the database was reached for the first
  // time: before that, this log hands out no events.
  virtual const std::string& ack_secret() const = 0;

  virtual LogStats stats() const = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_EVENT_LOG_H_
