// An event log in PostgreSQL, over one connection. The database holds the state: a transaction
// locks the subscriptions that a batch touches, reads those that another gateway has changed since
// this one saw them last (each has a version), works on them in memory, and writes what has
// changed, leases included. So it does not matter which gateway hands an event out, and which one
// hears that it is done. Leases run by the database's clock.
//
//   Look (nothing but pulls, and nothing new: no transaction)
//   BEGIN -> locks -> what others have changed -> the operations -> changes -> COMMIT
//
// What is only handed out need not be durable when it is answered: if the database forgets it, the
// event is handed out again.
//
// Thread-safety, errors: as Store. Every error but DATA_LOSS is one of the connection or the
// server: then the store is opened anew.
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

  // What an operator should know of the server's settings; "": nothing.
  const std::string& warning() const { return session_->warning(); }

 private:
  // What a batch is about.
  struct Touched {
    std::set<std::string> pulled;   // subscriptions that are only pulled from
    std::set<std::string> changed;  // and the others
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
  // Locks, and reads what others have changed.
  absl::Status Begin(const Touched& touched);
  // Of those that exist.
  std::vector<int64_t> IdsOf(const std::set<std::string>& names) const;
  // Takes over what other gateways have removed, the leases of subscriptions that were read anew,
  // and the time.
  absl::Status CatchUp(const std::map<int64_t, PostgresqlRows::Stored>& stored);
  // With what is stored of it; but without its leases.
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
