// Carries out the operations of a log, whatever its database: reads and changes rows, and the
// deliveries of subscriptions, within an open transaction.
//
//   operations.Begin(clock);
//   for (Operation& operation : batch) operations.Do(operation);
//   operations.Serve(waiting, batch);
//   if (!operations.failure().ok()) ...  // roll back; else commit, and then
//   operations.Committed();
//
// Thread-safety: none; the store's thread. Lifetime: the rows must outlive it.
#ifndef SERVICE_EVENTS_OPERATIONS_H_
#define SERVICE_EVENTS_OPERATIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/events/deliveries.h"
#include "service/events/operation.h"
#include "service/events/options.h"
#include "service/events/rows.h"
#include "service/events/store.h"
#include "upstream/steady_time.h"

namespace gateway::events {

struct Subscribed {
  int64_t id;  // of the subscription's row
  Deliveries deliveries;
  // Whether `deliveries` is what the database has. False while the subscription is not locked:
  // another gateway may change it then.
  bool current = true;

  // For LogStats: what was measured last.
  bool dead_letters_changed = true;
  uint64_t dead_letters = 0;
  int64_t oldest = 0;  // the first event that is not done
  std::optional<absl::Time> oldest_received = {};
};

// The time of a transaction, by three clocks at one moment: the wall clock; the clock of the
// leases, which several gateways may share; and SteadyTime::Now() of this process.
struct TransactionTime {
  absl::Time wall;
  SteadyTime leases;
  SteadyTime local;

  // Converts a time of this process to the clock of the leases. The distance from `local` is cut to
  // whole microseconds, as databases store them.
  SteadyTime LeaseTime(SteadyTime local_time) const {
    return leases + absl::Trunc(local_time - local, absl::Microseconds(1));
  }
};

class Operations {
 public:
  Operations(const Options& options, Rows& rows) : options_(options), rows_(rows) {}

  // `newest`: the number of the newest event.
  void Begin(const TransactionTime& time, int64_t newest);
  void Do(Operation& operation);
  // Hands out events to the pulls of `waiting`, in the order in which they came. Pulls that got
  // events are moved to the end of `operations`.
  void Serve(WaitingPulls& waiting, std::vector<Operation>& operations);
  // Removes events that were received before this time; see Rows.
  absl::Status Remove(absl::Time before);
  // The log no longer has the events up to `last`. Those that the subscription was still owed are
  // lost: counts and logs them.
  void Drop(Subscribed& subscribed, int64_t last);
  // Stores the changes of all subscriptions that are `current`.
  absl::Status StoreChanges();

  // The transaction is committed: from now on its events, duplicates and conflicts count.
  void Committed();

  // Looks up when the oldest event that is not done was received.
  absl::Status MeasureAge(Subscribed& subscribed);
  // Adds the counters to `stats`, and sets the present values of each subscription.
  void Describe(absl::Time now, LogStats& stats) const;

  // OK, or an error of the database: then everything since Begin is void.
  const absl::Status& failure() const { return failure_; }
  // Whether the changes have to be durable before the answers are given. False if, for example,
  // events were only handed out.
  bool must_store() const;
  int64_t newest() const { return newest_; }
  const TransactionTime& time() const { return time_; }

  // By name. The store loads them.
  std::map<std::string, Subscribed> subscriptions;

 private:
  // Each sets the operation's result; an error of the database also goes to failure_.
  void Do(Appending& appending);
  void Do(Pulling& pulling);
  void Do(CancellingPull&) {}
  void Do(Modifying& modifying);
  void Do(ListingDeadLetters& listing);
  void Do(Redelivering& redelivering);
  void Do(Seeking& seeking);

  // Called before each operation, so that the leases of different operations end at different
  // times: leases with one deadline share a row of the database.
  void Tick() { time_.leases += absl::Microseconds(1); }
  absl::StatusOr<Appended> Append(const SealedEvent& event);
  // Returns the number of the event that makes `event` a duplicate by its fact; 0 if there is none.
  absl::StatusOr<int64_t> FindTold(const SealedEvent& event);
  absl::StatusOr<std::vector<Received>> HandOut(const PullRequest& request);
  bool Modify(const ModifyRequest& request, const AckId& id, Deliveries& deliveries);
  absl::StatusOr<std::vector<DeadLetter>> List(const DeadLettersRequest& request);
  absl::StatusOr<Effects> Redeliver(const RedeliverRequest& request);
  // False: it is no dead letter, or not one that passes the filter.
  absl::StatusOr<bool> RedeliverOne(Subscribed& subscribed, int64_t number);
  absl::StatusOr<int64_t> Seek(const SeekRequest& request);
  absl::StatusOr<int64_t> FirstReceivedFrom(absl::Time time);
  // Null if there is none.
  Subscribed* Find(const std::string& name);
  void Tell(absl::string_view event, absl::string_view reason) const;

  const Options& options_;
  Rows& rows_;
  LogStats counted_;  // of all committed transactions
  // These describe the present transaction.
  LogStats counting_;  // events, duplicates and conflicts
  TransactionTime time_;
  int64_t newest_ = 0;
  int64_t removed_ = 0;  // the last event that was; 0: none
  bool must_store_ = false;
  absl::Status failure_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_OPERATIONS_H_
