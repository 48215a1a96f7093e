// What a log does for each kind of operation, whatever its database: reads and changes rows, and
// what subscriptions are owed, within a transaction that is open.
//
//   operations.Begin(clock);
//   for (Operation& operation : batch) operations.Do(operation);
//   operations.Serve(waiting, batch);
//   if (!operations.failure().ok()) ...  // roll back
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
  int64_t id;  // of its row
  Deliveries deliveries;
  // As the database has it. It is not while another gateway may have changed it.
  bool current = true;

  // For the numbers: what was measured last.
  bool dead_letters_changed = true;
  uint64_t dead_letters = 0;
  int64_t oldest = 0;  // the first event that is not done
  std::optional<absl::Time> oldest_received = {};
};

// A transaction's time. Leases may run by a clock that several gateways share; then `leases` is its
// time and `local` is what SteadyTime::Now() was at the same moment.
struct TransactionTime {
  absl::Time wall;
  SteadyTime leases;
  SteadyTime local;

  // Whole microseconds, as databases have them.
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
  // Pulls of `waiting` that can be given something, in the order in which they came, are moved to
  // the end of `operations`.
  void Serve(WaitingPulls& waiting, std::vector<Operation>& operations);
  // Removes what was received before.
  absl::Status Remove(absl::Time before);
  // Stores what subscriptions have done.
  absl::Status StoreChanges();

  // Looks up when the oldest event of a subscription was received that is not done.
  absl::Status MeasureAge(Subscribed& subscribed);
  // Adds what was counted, and sets what is known of subscriptions.
  void Describe(absl::Time now, LogStats& stats) const;

  // An error of the database: everything since Begin is void.
  const absl::Status& failure() const { return failure_; }
  // Whether somebody is answered on the ground of what subscriptions have done.
  bool must_store() const;
  int64_t newest() const { return newest_; }
  const TransactionTime& time() const { return time_; }

  // By name. The store loads them.
  std::map<std::string, Subscribed> subscriptions;
  // Events, duplicates and conflicts. The store takes back what a failed transaction has counted.
  LogStats counted;

 private:
  // Each sets the operation's result; an error of the database also goes to failure_.
  void Do(Appending& appending);
  void Do(Pulling& pulling);
  void Do(CancellingPull&) {}
  void Do(Modifying& modifying);
  void Do(ListingDeadLetters& listing);
  void Do(Redelivering& redelivering);
  void Do(Seeking& seeking);

  // Makes every operation's leases end at another time: leases that end together share one row.
  void Tick() { time_.leases += absl::Microseconds(1); }
  absl::StatusOr<Appended> Append(const SealedEvent& event);
  // The event that makes this one a duplicate by its fact; 0: none.
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
  // These describe the present transaction.
  TransactionTime time_;
  int64_t newest_ = 0;
  bool must_store_ = false;
  absl::Status failure_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_OPERATIONS_H_
