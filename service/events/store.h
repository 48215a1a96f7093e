// A database that holds an event log, as the thread of QueuedLog sees it: works on many operations
// in one transaction, and waits for the disk.
//
//   BEGIN -> the operations -> events to the pulls that wait -> what subscriptions have done
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

  // Sets the results of `operations`; they count when this returns OK. Pulls of `waiting` that have
  // got events are moved to the end of `operations`. `tend`: also remove what is too old.
  //
  // After an error nothing is certain to be durable, and all results are void. RESOURCE_EXHAUSTED
  // (no room) and PERMISSION_DENIED (read-only): the store may be used again after Recover.
  // DATA_LOSS: what is stored cannot be believed, and no store on it ever can. Everything else: it
  // has to be opened anew.
  virtual absl::Status Commit(bool tend, std::vector<Operation>& operations,
                              WaitingPulls& waiting) = 0;

  // After an error, or after it was opened anew: whether it can be written now.
  virtual absl::Status Recover() = 0;

  // When Commit may find something for `waiting`, though nobody has asked for anything else.
  virtual SteadyTime NextLook(const WaitingPulls& waiting) const = 0;

  // Adds what it has counted, and sets what it knows.
  virtual void Describe(LogStats& stats) const = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_STORE_H_
