// Reads and writes the rows of an event log, within an open transaction. Which events a
// subscription still has to get is decided in deliveries.h, not here.
//
// Thread-safety: none; the store's thread.
//
// Errors: an error of the database ends the transaction. A row that does not fit the schema is
// DATA_LOSS. Room returns UNAVAILABLE if no event may be inserted; the transaction goes on.
#ifndef SERVICE_EVENTS_ROWS_H_
#define SERVICE_EVENTS_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/events/deliveries.h"
#include "service/events/event_log.h"

namespace gateway::events {

class Rows {
 public:
  virtual ~Rows() = default;

  struct Known {
    int64_t number = 0;       // of the event with this key; 0: there is none
    bool other_body = false;  // the log has an event with this id and another body
  };
  virtual absl::StatusOr<Known> Find(const Key& key) = 0;
  struct Teller {
    int64_t number = 0;  // of the first event that reports the fact; 0: there is none
    bool swept = false;  // a sweep has found that event
  };
  // `fact`: see FactOf.
  virtual absl::StatusOr<Teller> FindTeller(const std::string& fact) = 0;
  // Whether another event may be inserted.
  virtual absl::Status Room() const = 0;
  // Inserts the event, and returns its number: one more than the newest number that there ever was.
  virtual absl::StatusOr<int64_t> Insert(const SealedEvent& event, absl::Time received) = 0;

  // Reads these events, in the order of `numbers`, as long as their bodies have at most `max_bytes`
  // together; at least one event. DATA_LOSS if an event does not exist.
  virtual absl::StatusOr<std::vector<SealedEvent>> Read(const std::vector<int64_t>& numbers,
                                                        size_t max_bytes) = 0;
  virtual absl::StatusOr<std::vector<Head>> HeadsAfter(int64_t number, size_t limit) = 0;
  // The oldest event there is; 0: there is none.
  virtual absl::StatusOr<int64_t> Oldest() = 0;
  // The first event from this number on, and when it was received; nullopt if there is none.
  virtual absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> FirstFrom(
      int64_t number) = 0;
  // Removes the oldest events as long as they were received before `received`, with their keys
  // unless keep_key is set; ForgetUntil removes their tries and dead letters. If an event has a
  // time after `now`, the clock was wrong then or is wrong now: it is removed together with the
  // events behind it. One call may remove only a part of them. Returns the number of the last event
  // that was removed; 0 if none was.
  virtual absl::StatusOr<int64_t> RemoveBefore(absl::Time received, absl::Time now) = 0;
  // Removes the tries and dead letters of all events up to `last`, also those of subscriptions that
  // only other gateways have.
  virtual absl::Status ForgetUntil(int64_t last) = 0;

  // Stores what has changed in `deliveries` since the last call.
  virtual absl::Status Store(int64_t subscription, Deliveries& deliveries, absl::Time now) = 0;
  // Stores the era. Removes all tries and leases of the subscription, and its dead letters from
  // this number on.
  virtual absl::Status BeginEra(int64_t subscription, const Deliveries& deliveries,
                                int64_t number) = 0;

  virtual absl::StatusOr<std::vector<DeadLetter>> DeadLetters(int64_t subscription, int64_t after,
                                                              size_t limit) = 0;
  // Returns false if the event is no dead letter.
  virtual absl::StatusOr<bool> RemoveDeadLetter(int64_t subscription, int64_t number) = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_ROWS_H_
