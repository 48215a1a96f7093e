// The log of events: append-only, and for each subscription what it is still owed.
//
//   Append --- durable, or known already ---> the provider is answered 2xx
//   Pull  ---> hand-out ---> Acknowledge: durable, and it does not come again
//
// At least once: an event that was appended is handed to each subscription whose filter it passes,
// again and again until it is acknowledged, given up as a dead letter, or older than `keep`.
//
// Asynchrony. No function waits for a disk. Each `done` is called one time, on a thread of the log,
// with no lock held, and should be short. It may call the log again.
//
// Errors, for every function:
//   UNAVAILABLE       the log cannot be read or written now, and the message says why. It may have
//                     been done all the same, where the database went away before it answered: an
//                     event is then a duplicate when it is appended again, an acknowledgement may
//                     be repeated, and what was handed out comes when its deadline is over.
//   NOT_FOUND         there is no subscription of this name.
//   INVALID_ARGUMENT  the request is wrong.
//
// Thread-safety: may be called from any thread. Lifetime: the destructor finishes what was asked,
// as far as the log can be written, and calls every `done`; a Pull that waits ends without events.
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
  std::string fact = {};  // see FactOf; "": it tells none. Not handed out.
};

struct Appended {
  enum Kind {
    kNew,
    kDuplicate,  // the log has it
    kConflict,   // the log has an event of this id with another body: now both
  };
  Kind kind = kNew;
  int64_t number = 0;
};

using PullId = uint64_t;

struct PullRequest {
  std::string subscription;
  size_t max_events = 100;
  // Of sealed bodies; the first event comes whatever its size.
  size_t max_bytes = size_t{2} << 20;
  // Without an event it is answered then.
  SteadyTime until = SteadyTime::Now();
};

struct Received {
  SealedEvent event;
  AckId ack_id;
  int32_t attempt = 1;
};

// For each ack id whether it had an effect.
using Effects = std::vector<bool>;

struct ModifyRequest {
  enum What {
    kAcknowledge,
    kExtend,    // to `deadline`
    kGiveBack,  // at once
    kTakeBack,  // at once, and the try does not count: nobody has seen it
    kPostpone,  // when its deadline is over, and the try does not count: it could not be judged
    kDoubt,     // as kPostpone; after Deliveries::kMostDoubts it is done with
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
  int64_t after = 0;  // the number of the last one of the page before
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
  // Since the oldest of them was received; zero: there is none.
  absl::Duration oldest_age = absl::ZeroDuration();
  uint64_t out = 0;           // handed out, and not acknowledged yet
  uint64_t dead_letters = 0;  // some may not pass the filter
  Deliveries::Counters counters;
};

struct LogStats {
  std::map<std::string, SubscriptionStats> subscriptions;
  uint64_t events = 0;  // since the start: appended
  uint64_t duplicates = 0;
  uint64_t conflicts = 0;
  uint64_t commits = 0;
  uint64_t failed_commits = 0;
  uint64_t bytes = 0;
  std::string unavailable;  // why it cannot be written; "": it can
};

class EventLog {
 public:
  virtual ~EventLog() = default;

  // Of a sweep, an event is a duplicate where the log has one of the same fact, whatever its
  // origin. Of a delivery, where the log has one of the same fact that is of a sweep.
  virtual void Append(SealedEvent event, Done<Appended> done) = 0;
  // The log knows the facts of all deliveries from this time on. InfiniteFuture: its database was
  // not reached yet.
  virtual absl::Time facts_since() const = 0;

  virtual PullId Pull(PullRequest request, Done<std::vector<Received>> done) = 0;
  // A Pull that waits is answered without events.
  virtual void CancelPull(PullId pull) = 0;

  virtual void Modify(ModifyRequest request, Done<Effects> done) = 0;

  // Of both: dead letters that do not pass the subscription's filter, which may be another one than
  // when they died, are none.
  virtual void ListDeadLetters(DeadLettersRequest request, Done<std::vector<DeadLetter>> done) = 0;
  // For each number whether it was a dead letter.
  virtual void Redeliver(RedeliverRequest request, Done<Effects> done) = 0;

  // Says at which number the subscription goes on.
  virtual void Seek(SeekRequest request, Done<int64_t> done) = 0;

  // The log's own secret for ack ids. "" until the database was reached for the first time: then
  // nothing was handed out here.
  virtual const std::string& ack_secret() const = 0;

  virtual LogStats stats() const = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_EVENT_LOG_H_
