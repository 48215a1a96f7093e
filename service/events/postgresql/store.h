// An event log in PostgreSQL, over one connection. The database holds the state. A transaction
// locks the subscriptions of a batch, reads the subscriptions whose version has changed since this
// gateway has read them, works on them in memory, and writes the changes, leases included. So a
// consumer may get an event from one gateway and acknowledge it at another. Leases run by the
// database's clock.
//
//   a batch of pulls only, and Look finds nothing new: no transaction
//   otherwise: BEGIN -> locks -> what other gateways have changed -> the operations -> the changes
//              -> COMMIT
//
// A hand-out need not be durable when the pull is answered: if the database loses the hand-out, the
// event is handed out again.
//
// Thread-safety, errors: as Store. Every error but DATA_LOSS comes from the connection or the
// server: then the store has to be opened anew.
#ifndef SERVICE_EVENTS_POSTGRESQL_STORE_H_
#define SERVICE_EVENTS_POSTGRESQL_STORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/events/operation.h"
#include "service/events/operations.h"
#include "service/events/options.h"
#include "service/events/postgresql/rows.h"
#include "service/events/postgresql/session.h"
#include "service/events/store.h"
#include "service/ledger/postgresql/parameters.h"
#include "service/ledger/retention_clock.h"
#include "upstream/steady_time.h"

namespace gateway::events {

struct PostgresqlOptions {
  Options common;
  std::string dsn;
  absl::Duration statement_timeout = absl::Seconds(5);
  // While pulls wait: how often the log looks for what other gateways have done.
  absl::Duration poll = absl::Milliseconds(100);
};

class PostgresqlStore final : public Store {
 public:
  // Waits for the database. `retention` must outlive the store.
  static absl::StatusOr<std::unique_ptr<PostgresqlStore>> Open(
      const PostgresqlOptions& options, const ledger::PostgresqlParameters& parameters,
      ledger::RetentionClock& retention);

  const std::string& ack_secret() const override { return ack_secret_; }
  absl::Time facts_since() const override { return facts_since_; }
  absl::Status Commit(bool tend, std::vector<Operation>& operations,
                      WaitingPulls& waiting) override;
  absl::Status Recover() override { return absl::OkStatus(); }
  SteadyTime NextLook(const WaitingPulls& waiting) const override;
  void Describe(LogStats& stats) const override;

  // A warning for the operator about the server's settings; "": none.
  const std::string& warning() const { return session_->warning(); }

 private:
  // The subscriptions and events that a batch of operations needs.
  struct Touched {
    std::set<std::string> pulled;   // subscriptions of pulls
    std::set<std::string> changed;  // subscriptions of all other operations
    std::vector<const SealedEvent*> appended;
    bool everything = false;
    bool only_pulls() const { return changed.empty() && appended.empty() && !everything; }
  };

  PostgresqlStore(const PostgresqlOptions& options, ledger::RetentionClock& retention,
                  std::unique_ptr<PostgresqlSession> session);

  absl::Status Load();
  static Touched TouchedBy(const std::vector<Operation>& operations);
  // Whether there may be something for pulls from these subscriptions.
  absl::StatusOr<bool> HasNews(const std::set<std::string>& names);
  absl::Status Transact(const Touched& touched, std::vector<Operation>& operations,
                        WaitingPulls& waiting);
  // Locks, and reads what other gateways have changed.
  absl::Status Begin(const Touched& touched);
  // The ids of the subscriptions that exist.
  std::vector<int64_t> IdsOf(const std::set<std::string>& names) const;
  // Takes over the removals of other gateways, the stored leases of subscriptions that were read
  // again, and the time.
  absl::Status CatchUp(const std::map<int64_t, PostgresqlRows::Stored>& stored);
  // Replaces the state of the subscription by the stored one, without its leases.
  void Replace(const Subscription& subscription, int64_t id, PostgresqlRows::Stored& stored);
  absl::Status Measure(bool everything);
  TransactionTime TimeOf(absl::Time time) const;
  void Pass(absl::string_view point) const;

  const PostgresqlOptions options_;
  std::map<std::string, Subscription> configured_;  // by name
  ledger::RetentionClock& retention_;               // reads the database's clock
  const std::unique_ptr<PostgresqlSession> session_;
  PostgresqlRows rows_;
  Operations operations_;
  std::string ack_secret_;
  absl::Time facts_since_;
  std::map<std::string, int64_t> ids_;   // of subscriptions, by name
  std::map<int64_t, int64_t> versions_;  // of subscriptions, as they are known here, by id
  SteadyTime next_look_;
  uint64_t commits_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_STORE_H_
