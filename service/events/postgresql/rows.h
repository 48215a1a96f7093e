// The rows of an event log in PostgreSQL, one transaction after the other:
//
//   rows.Begin(locks)          locks subscriptions, in the order of their ids, and then the log
//   rows.Prepare(ids, events)  reads the stored state of subscriptions, and which of the events
//                              that are to be appended are known
//   ...                        the functions of Rows; they send changes without waiting
//   rows.End(durable)          waits for all answers, and commits
//
// All locks are taken before anything else is read, and always in one order: so no two transactions
// wait for each other. To empty a slice, a transaction needs the locks of all subscriptions, also
// of those that only other gateways have, and raises their versions. So no slice is emptied while
// another transaction holds the lock of one subscription.
//
// The heads of events that some subscription is not done with are kept in memory. They stay valid,
// since an event never changes.
//
// Thread-safety: none; the store's thread. Lifetime: the session must outlive it. After an error
// the rows must not be used any more.
#ifndef SERVICE_EVENTS_POSTGRESQL_ROWS_H_
#define SERVICE_EVENTS_POSTGRESQL_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/events/deliveries.h"
#include "service/events/event_log.h"
#include "service/events/postgresql/session.h"
#include "service/events/postgresql/slices.h"
#include "service/events/rows.h"

namespace gateway::events {

class PostgresqlRows final : public Rows {
 public:
  // The most heads that are kept in memory.
  static constexpr size_t kMostHeads = 20'000;

  // `keep`: how long events are kept. It sets how long a slice takes events (see slices.h).
  PostgresqlRows(PostgresqlSession& session, absl::Duration keep)
      : session_(session), keep_(keep) {}

  // Returns the stored secret. If there is none, makes a random one and stores it.
  absl::StatusOr<std::string> AckSecret();
  // The time since which the facts of deliveries are stored.
  absl::StatusOr<absl::Time> FactsSince();
  // Adds the subscriptions that the database does not have. Returns the ids of all, by name.
  absl::StatusOr<std::map<std::string, int64_t>> AddSubscriptions(
      const std::vector<std::string>& names);

  struct Locks {
    std::vector<int64_t> subscriptions;  // ids
    bool everything = false;             // all subscriptions of the database, and the log
    bool log = false;                    // needed to append events
  };
  absl::Status Begin(const Locks& locks);
  // The time after Begin had the locks, by the database's clock.
  absl::Time time() const { return time_; }
  int64_t newest() const { return newest_; }
  bool IsLocked(int64_t subscription) const { return locked_.count(subscription) != 0; }
  // The subscription must be locked.
  int64_t VersionOf(int64_t subscription) const { return locked_.at(subscription).version; }

  struct Stored {
    Deliveries::Saved saved;
    uint64_t next_lease = 1;
    std::vector<Deliveries::Lease> leases;
  };
  absl::StatusOr<std::map<int64_t, Stored>> Prepare(const std::vector<int64_t>& subscriptions,
                                                    const std::vector<const SealedEvent*>& events);
  // Returns the heads of these events, in the order of `numbers`. DATA_LOSS if one does not exist.
  absl::StatusOr<std::vector<Head>> Heads(const std::vector<int64_t>& numbers);
  void ForgetHeadsBefore(int64_t number);
  size_t remembered_heads() const { return heads_.size(); }
  absl::StatusOr<std::map<int64_t, uint64_t>> CountDeadLetters();
  absl::StatusOr<uint64_t> Bytes();
  // Commits. `durable`: waits until the server has synced the commit to its disk. In both cases
  // other transactions see the changes at once.
  absl::Status End(bool durable);

  // The result of Look, which reads without a transaction and without locks. `versions`: of
  // subscriptions, by id.
  struct Glance {
    absl::Time time;
    int64_t newest = 0;
    std::map<int64_t, int64_t> versions;
  };
  absl::StatusOr<Glance> Look(const std::vector<int64_t>& subscriptions);

  // Find and FindTeller know only the keys and facts of the events that were given to Prepare, and
  // of events that were inserted since.
  absl::StatusOr<Known> Find(const Key& key) override;
  absl::StatusOr<Teller> FindTeller(const std::string& fact) override;
  absl::Status Room() const override { return absl::OkStatus(); }
  absl::StatusOr<int64_t> Insert(const SealedEvent& event, absl::Time received) override;
  absl::StatusOr<std::vector<SealedEvent>> Read(const std::vector<int64_t>& numbers,
                                                size_t max_bytes) override;
  absl::StatusOr<std::vector<Head>> HeadsAfter(int64_t number, size_t limit) override;
  absl::StatusOr<int64_t> Oldest() override { return slices_.oldest(); }
  // The number of the last event that was removed; 0 if none was.
  int64_t LastGone() const { return slices_.oldest() == 0 ? newest_ : slices_.oldest() - 1; }
  absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> FirstFrom(int64_t number) override;
  absl::StatusOr<int64_t> RemoveBefore(absl::Time received, absl::Time now) override;
  absl::Status ForgetUntil(int64_t last) override;
  absl::Status Store(int64_t subscription, Deliveries& deliveries, absl::Time now) override;
  absl::Status BeginEra(int64_t subscription, const Deliveries& deliveries,
                        int64_t number) override;
  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(int64_t subscription, int64_t after,
                                                      size_t limit) override;
  absl::StatusOr<bool> RemoveDeadLetter(int64_t subscription, int64_t number) override;

 private:
  struct Locked {
    int64_t version = 0;
    uint64_t era = 0;
    uint64_t next_lease = 0;
  };
  struct KnownBody {
    std::string body_key;
    int64_t number = 0;
  };

  // The numbers as the text of an SQL array, for NUMBERS in schema.cc.
  static std::string ArrayOf(const std::vector<int64_t>& numbers);
  // Returns the number in a result of one row and one column.
  absl::StatusOr<int64_t> AskNumber(Query query);
  absl::Status TakeLocked(const PostgresqlSession::Result& result);
  absl::Status TakeState(const PostgresqlSession::Result& result,
                         std::map<int64_t, Stored>& stored);
  absl::Status TakeKeys(const PostgresqlSession::Result& result);
  absl::Status TakeTellers(const PostgresqlSession::Result& result);
  absl::Status TakeSlices(const PostgresqlSession::Result& result);
  void TrimHeads();
  // Reads the first of these events into events_, and further events of its slice, also ahead, as
  // long as their bodies fit into `max_bytes`.
  absl::Status Fetch(const std::vector<int64_t>& numbers, size_t max_bytes);

  PostgresqlSession& session_;
  const absl::Duration keep_;
  std::map<int64_t, Head> heads_;  // by number

  // These describe the present transaction.
  absl::Time time_;
  int64_t newest_ = 0;
  bool inserted_ = false;
  Slices slices_;
  std::map<int64_t, SealedEvent> events_;  // that Fetch has read, and Read has not returned yet
  size_t fetches_ = 0;
  std::map<int64_t, Locked> locked_;              // by id
  std::map<int64_t, const Deliveries*> changed_;  // by id; null: only the version changes
  absl::flat_hash_map<std::string, std::vector<KnownBody>> keys_;  // by event key
  absl::flat_hash_map<std::string, Teller> tellers_;               // by fact
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_ROWS_H_
