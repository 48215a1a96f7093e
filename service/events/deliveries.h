// What one subscription is owed, and who has it at the moment: the rules of handing out, without a
// clock, a disk or a caller.
//
//   scanned from the log -> (blocked by its lane) -> ready -> leased -> acknowledged: done
//                                                      ^         |
//                                                      '---------'-- the deadline passed, or it was
//                                                                    given back: again, or a dead
//                                                                    letter
//
// What must outlive the process is in TakeChanges: what is done, and how often events that came
// back were tried. Whoever stores leases as well, since several gateways share a subscription, also
// finds there which of them have changed, and gives them to Restore. Without that an event that was
// out is handed out again after a restart.
//
// Memory: at most kMostOpen events are open at a time; beyond that only those are handed out that
// have come back. So a consumer that never acknowledges costs a bounded amount.
//
// Thread-safety: none. Errors: only those of `scan`, which leave everything as it is.
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
  // Heads that one HandOut looks at, so that a filter that lets little pass holds up nobody.
  static constexpr size_t kMostScanned = 2'000;
  // So often an event may be doubted; after that it is done with.
  static constexpr int32_t kMostDoubts = 5;

  // By event. Each is the number of its tries that count, and of its doubts: see deliveries.cc.
  using Tries = absl::flat_hash_map<int64_t, int32_t>;

  struct Counters {
    uint64_t handed_out = 0;
    uint64_t handed_out_again = 0;
    uint64_t acknowledged = 0;
    uint64_t expired = 0;     // leases
    uint64_t given_back = 0;  // leases
    uint64_t dead = 0;
    uint64_t lost = 0;  // events whose time in the log was over before they were done
  };

  // As it was stored.
  struct Saved {
    uint64_t era = 0;
    IntervalSet done = {};
    Tries tries = {};
    Counters counters = {};  // of this process
  };

  // Who has an event until when.
  struct Lease {
    int64_t number = 0;
    uint64_t lease = 0;
    int32_t attempts = 0;  // with this one; see Tries
    SteadyTime deadline;

    bool operator==(const Lease&) const = default;
  };

  struct HandedOut {
    AckId id;
    int32_t attempt;  // 1 for the first
  };

  struct Changes {
    std::vector<IntervalSet::Change> done;
    // An event whose tries are 0 is to be forgotten.
    Tries tries;
    struct Dead {
      int64_t number;
      int32_t attempts;
    };
    std::vector<Dead> dead;
    // Acknowledged, and perhaps dead letters.
    std::vector<int64_t> late;
    // Where LeasesUntil gives another answer than before; but for events that were acknowledged
    // while others of the same deadline are still out. So a hand-out is stored once, and removed
    // once, whether its events are acknowledged together or one by one.
    std::set<SteadyTime> deadlines;

    bool empty() const {
      return done.empty() && tries.empty() && dead.empty() && late.empty() && deadlines.empty();
    }
  };

  // The first lease that is given. No lease is given twice in an era: what is out may be of a
  // process before this one, or of another gateway.
  Deliveries(const Subscription& subscription, Saved saved, uint64_t first_lease);

  // The heads behind `after`, in their order, at most so many.
  using Scan = absl::FunctionRef<absl::StatusOr<std::vector<Head>>(int64_t after, size_t limit)>;
  // The heads of these events, in the order of the numbers; without those that are not there.
  using Look =
      absl::FunctionRef<absl::StatusOr<std::vector<Head>>(const std::vector<int64_t>& numbers)>;

  // Directly after the constructor: takes over the leases that were stored.
  absl::Status Restore(const std::vector<Lease>& leases, Look look);

  // At most `most` events. `end` is the number of the newest event of the log.
  absl::StatusOr<std::vector<HandedOut>> HandOut(size_t most, SteadyTime now, int64_t end,
                                                 Scan scan);
  // Whether HandOut could find something now.
  bool MayHaveMore(int64_t end) const;

  // Also when the lease is over. False: of an earlier era.
  bool Acknowledge(const AckId& id);
  // Both are false where the lease is over.
  bool Extend(const AckId& id, SteadyTime deadline);
  bool GiveBack(const AckId& id);
  // As GiveBack, of an event that nobody has seen: the try does not count.
  bool TakeBack(const AckId& id);
  // Of an event that nobody has seen, since it could not be judged: it comes again when its lease
  // ends, and the try does not count. `doubted`: it was judged, and not believed. Whoever is
  // doubted kMostDoubts times is done with. False where the lease is over.
  bool Postpone(const AckId& id, bool doubted);

  void Expire(SteadyTime now);
  // When the first lease ends; InfiniteFuture if no event is leased.
  SteadyTime next_expiry() const;

  // Begins a new era at this number. Whoever stores the changes forgets all tries.
  void Seek(int64_t number);
  // Of an event that was dead.
  void Redeliver(const Head& head);
  // These and all before them are no longer in the log.
  void Drop(int64_t last);

  // All since the last call.
  Changes TakeChanges();
  // The leases that end at this time.
  std::vector<Lease> LeasesUntil(SteadyTime deadline) const;
  uint64_t next_lease() const { return next_lease_; }
  // Whether something of it must not wait for the next commit.
  bool urgent() const { return !changes_.dead.empty(); }
  bool changes_dead_letters() const { return urgent() || !changes_.late.empty(); }

  const Subscription& subscription() const { return subscription_; }
  uint64_t era() const { return era_; }
  const IntervalSet& done() const { return done_; }
  const Counters& counters() const { return counters_; }
  size_t open() const { return open_.size(); }
  size_t out() const { return expiries_.size(); }

 private:
  struct Open {
    enum { kBlocked, kReady, kLeased } state = kReady;
    int32_t attempts = 0;  // see Tries
    uint64_t lease = 0;
    SteadyTime deadline = SteadyTime::InfiniteFuture();
    std::string lane;     // "": none
    bool stored = false;  // its tries are stored
  };
  using OpenIterator = std::map<int64_t, Open>::iterator;

  void Take(const Head& head);
  void AddOpen(const Head& head, int32_t attempts);
  HandedOut HandOutOne(OpenIterator open, SteadyTime now);
  void BeginLease(OpenIterator open, SteadyTime deadline);
  void BlockOthers(OpenIterator leased);
  // The event that the lease is of; end() where it is over.
  OpenIterator FindLease(const AckId& id);
  void EndLease(OpenIterator open);
  // It was not acknowledged.
  void ComeBack(OpenIterator open);
  // It is done with, one way or the other.
  void Close(OpenIterator open);
  void LeaveLane(int64_t number, const Open& closed);

  const Subscription subscription_;
  uint64_t era_;
  uint64_t next_lease_;
  IntervalSet done_;
  Tries tries_;          // of events that are not open yet
  int64_t scanned_ = 0;  // the log was looked at up to here
  std::map<int64_t, Open> open_;
  std::set<int64_t> ready_;
  std::set<std::pair<SteadyTime, int64_t>> expiries_;
  absl::flat_hash_map<std::string, std::set<int64_t>> lanes_;  // open events, by resource
  Changes changes_;                                            // `done` is in done_
  Counters counters_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_DELIVERIES_H_
