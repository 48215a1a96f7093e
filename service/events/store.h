// The database of an event log, for the thread of QueuedLog: carries out many operations in one
// transaction, and waits for the disk.
//
//   BEGIN -> the operations -> events for the pulls that wait -> changes of the subscriptions
//         -> COMMIT -> answers
//
// Thread-safety: none; one thread. Lifetime: a store that cannot go on after an error is destroyed,
// and another one is opened.
#ifndef SERVICE_EVENTS_STORE_H_
#define SERVICE_EVENTS_STORE_H_

#include <list>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "service/events/event_log.h"
#include "service/events/operation.h"
#include "upstream/steady_time.h"

namespace gateway::events {

// Pulls without events yet, by subscription, the oldest first.
using WaitingPulls = std::map<std::string, std::list<Pulling>>;

class Store {
 public:
  virtual ~Store() = default;

  // See EventLog. They do not change while the store is open.
  virtual const std::string& ack_secret() const = 0;
  virtual absl::Time facts_since() const = 0;

  // Sets the results of `operations`. They are valid only if Commit returns OK. Pulls of `waiting`
  // that got events are moved to the end of `operations`. `tend`: also removes old events.
  //
  // After an error all results are void, and the changes may be durable or not.
  // RESOURCE_EXHAUSTED (no room) and PERMISSION_DENIED (read-only): the store may be used again
  // after Recover. DATA_LOSS: the stored data is damaged, and must not be used any more. Any other
  // error: the store has to be opened anew.
  virtual absl::Status Commit(bool tend, std::vector<Operation>& operations,
                              WaitingPulls& waiting) = 0;

  // To be called after an error of Commit, and after the store was opened anew. Returns OK if the
  // store can be written now.
  virtual absl::Status Recover() = 0;

  // When Commit is to be called for the pulls of `waiting`, even if no operation comes before.
  virtual SteadyTime NextLook(const WaitingPulls& waiting) const = 0;

  // Adds the store's counters to `stats`, and sets the values that describe its present state.
  virtual void Describe(LogStats& stats) const = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_STORE_H_
