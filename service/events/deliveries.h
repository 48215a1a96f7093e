// The state of one subscription, and the rules of handing out: which events are done, which are
// ready, and which are leased, that is handed out until a deadline. It has no clock and no disk.
//
//   scanned from the log -> waits (-> ready) -> out -> acknowledged: done
//                             ^                  |
//                             '------------------+  deadline passed, or given back
//                                                |
//                                                '> after the last try: dead letter
//
// A lane holds the open events of one resource, if the subscription is ordered. While an event of a
// lane is out, no event of the lane is ready; otherwise the oldest of those that wait is ready.
// More than one event of a lane is out only if they were handed out before the subscription was
// ordered.
//
// TakeChanges returns what has to be stored: which events are done, the tries of events that came
// back, and new dead letters. If several gateways share a subscription, the leases have to be
// stored too: TakeChanges says which have changed, and Restore takes the stored leases over.
// Without stored leases, an event that was handed out is handed out again after a restart.
//
// Memory: at kMostOpen open events (blocked, ready or leased) no more are scanned from the log, and
// only events that came back are handed out. So a consumer that never acknowledges costs a bounded
// amount.
//
// Thread-safety: none. Errors: only those of `scan` and `look`; the state stays consistent.
#ifndef SERVICE_EVENTS_DELIVERIES_H_
#define SERVICE_EVENTS_DELIVERIES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/events/ack_id.h"
#include "service/events/event.h"
#include "service/events/interval_set.h"
#include "service/events/subscription.h"
#include "upstream/steady_time.h"

namespace gateway::events {

class Deliveries {
 public:
  static constexpr size_t kMostOpen = 10'000;
  // How many heads one HandOut scans at most. Without the limit, a subscription whose filter lets
  // few events pass would delay the others.
  static constexpr size_t kMostScanned = 2'000;
  // An event is acknowledged when it has been doubted so often.
  static constexpr int32_t kMostDoubts = 5;

  // By event: a number that holds its tries that count, and its doubts (see deliveries.cc).
  using Tries = absl::flat_hash_map<int64_t, int32_t>;

  struct Counters {
    uint64_t handed_out = 0;
    uint64_t handed_out_again = 0;
    uint64_t acknowledged = 0;
    uint64_t expired = 0;     // leases whose deadline passed
    uint64_t given_back = 0;  // leases that a consumer has ended early
    uint64_t dead = 0;
    uint64_t lost = 0;  // events that were removed for their age before they were done
  };

  // The stored state of a subscription.
  struct Saved {
    uint64_t era = 0;
    IntervalSet done = {};
    Tries tries = {};
    Counters counters = {};  // not stored: they count for this process
  };

  // One hand-out of an event, until its deadline.
  struct Lease {
    int64_t number = 0;
    uint64_t lease = 0;
    int32_t attempts = 0;  // including this hand-out; see Tries
    SteadyTime deadline;

    bool operator==(const Lease&) const = default;
  };

  struct HandedOut {
    AckId id;
    int32_t attempt;  // 1 for the first
  };

  struct Changes {
    std::vector<IntervalSet::Change> done;
    // Hand-outs by event number. For 0, the stored tries of the event are to be removed.
    Tries tries;
    struct Dead {
      int64_t number;
      int32_t attempts;
    };
    std::vector<Dead> dead;
    // Events that were acknowledged, but were not open. If one is a dead letter, the dead letter is
    // to be removed.
    std::vector<int64_t> late;
    // The deadlines whose result of LeasesUntil must be stored again. If an event is acknowledged
    // while other events with the same deadline are still leased, its deadline is not added. So the
    // leases of a hand-out are stored once and removed once, even if its events are acknowledged
    // one by one.
    std::set<SteadyTime> deadlines;

    bool empty() const {
      return done.empty() && tries.empty() && dead.empty() && late.empty() && deadlines.empty();
    }
  };

  // `first_lease`: the first lease id that is used. No lease id may be used twice in an era, also
  // not by an earlier process or another gateway: its events may still be handed out.
  Deliveries(const Subscription& subscription, Saved saved, uint64_t first_lease);

  // Returns at most `limit` heads, in the order of their numbers, beginning behind `after`.
  using Scan = absl::FunctionRef<absl::StatusOr<std::vector<Head>>(int64_t after, size_t limit)>;
  // Returns the heads of these events, in the order of `numbers`. Events that do not exist may be
  // left out.
  using Look =
      absl::FunctionRef<absl::StatusOr<std::vector<Head>>(const std::vector<int64_t>& numbers)>;

  // To be called directly after the constructor: takes over the leases that were stored.
  absl::Status Restore(const std::vector<Lease>& leases, Look look);

  // Hands out at most `most` events. `end` is the number of the newest event of the log.
  absl::StatusOr<std::vector<HandedOut>> HandOut(size_t most, SteadyTime now, int64_t end,
                                                 Scan scan);
  // Whether HandOut could find something now.
  bool MayHaveMore(int64_t end) const;

  // Has an effect even if the lease is over. Returns false, and does nothing, if the id is of
  // another era.
  bool Acknowledge(const AckId& id);
  // Extend, GiveBack and TakeBack return false, and do nothing, if the lease is over.
  bool Extend(const AckId& id, SteadyTime deadline);
  bool GiveBack(const AckId& id);
  // As GiveBack, but the try does not count: no consumer has seen the event.
  bool TakeBack(const AckId& id);
  // For an event that no consumer has seen. It comes again when its lease ends, and the try does
  // not count. `doubted`: a read did not confirm the event; after kMostDoubts of these it is
  // acknowledged. Returns false, and does nothing, if the lease is over.
  // If half of kMostOpen events are open, every postponement is a doubt.
  bool Postpone(const AckId& id, bool doubted);

  void Expire(SteadyTime now);
  // When the first lease ends; InfiniteFuture if no event is leased.
  SteadyTime next_expiry() const;

  // Begins a new era: the events before `number` are done, and all others are not. The caller has
  // to remove the stored tries and leases (see Rows::BeginEra).
  void Seek(int64_t number);
  // Makes a dead letter ready again. Its tries are counted from 0.
  void Redeliver(const Head& head);
  // Marks all events up to `last` as done: they are no longer in the log.
  void Drop(int64_t last);

  // Returns all changes since the last call.
  Changes TakeChanges();
  // The leases that end at this time.
  std::vector<Lease> LeasesUntil(SteadyTime deadline) const;
  uint64_t next_lease() const { return next_lease_; }
  // Whether the changes have to be stored with this commit: there are new dead letters.
  bool urgent() const { return !changes_.dead.empty(); }
  bool changes_dead_letters() const { return urgent() || !changes_.late.empty(); }

  const Subscription& subscription() const { return subscription_; }
  uint64_t era() const { return era_; }
  const IntervalSet& done() const { return done_; }
  const Counters& counters() const { return counters_; }
  size_t open() const { return open_.size(); }
  size_t out() const { return expiries_.size(); }

 private:
  // kNowhere: the event is not open yet, or no longer open.
  enum class Place { kNowhere, kWaiting, kOut };
  struct Open {
    Place place = Place::kNowhere;
    int32_t attempts = 0;  // see Tries
    uint64_t lease = 0;
    SteadyTime deadline = SteadyTime::InfiniteFuture();
    std::string lane;     // "": none
    bool stored = false;  // its tries are stored
  };
  using OpenIterator = std::map<int64_t, Open>::iterator;
  struct Lane {
    std::set<int64_t> waiting;
    size_t out = 0;
    int64_t ready = 0;  // one of those that wait; 0: none
  };

  void Take(const Head& head);
  void AddOpen(const Head& head, int32_t attempts);
  HandedOut HandOutOne(OpenIterator open, SteadyTime now);
  // The only function that changes the place of an event. It keeps the lane and ready_ right.
  void Move(OpenIterator open, Place place);
  void BeginLease(OpenIterator open, SteadyTime deadline);
  // Returns the leased event; end() if the lease is over.
  OpenIterator FindLease(const AckId& id);
  // Ends the lease. The caller must then Move the event.
  void EndLease(OpenIterator open);
  // Ends the lease of an event that was not acknowledged: ready again, or a dead letter.
  void ComeBack(OpenIterator open);
  // Marks an open event as done, and removes it from its lane.
  void Close(OpenIterator open);

  const Subscription subscription_;
  uint64_t era_;
  uint64_t next_lease_;
  IntervalSet done_;
  Tries tries_;          // of events that are not open yet
  int64_t scanned_ = 0;  // the log was scanned up to this number
  std::map<int64_t, Open> open_;
  std::set<int64_t> ready_;
  std::set<std::pair<SteadyTime, int64_t>> expiries_;  // of those that are out
  absl::flat_hash_map<std::string, Lane> lanes_;       // by resource
  Changes changes_;                                    // `done` is in done_
  Counters counters_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_DELIVERIES_H_
