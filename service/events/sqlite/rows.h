// The rows of an event log's SQLite file: reads and changes them with prepared statements.
//
// Thread-safety: none; the store's thread. Lifetime: the database must outlive it. Errors: as Rows,
// with the codes of SqliteDatabase.
#ifndef SERVICE_EVENTS_SQLITE_ROWS_H_
#define SERVICE_EVENTS_SQLITE_ROWS_H_

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
#include "service/events/rows.h"
#include "service/ledger/sqlite/database.h"

namespace gateway::events {

class SqliteRows final : public Rows {
 public:
  // Room refuses events while `max_bytes` or more of the file are in use. One call of RemoveBefore
  // removes at most `remove_limit` events.
  SqliteRows(ledger::SqliteDatabase& database, int64_t max_bytes, size_t remove_limit);

  absl::StatusOr<Known> Find(const Key& key) override;
  absl::StatusOr<Teller> FindTeller(const std::string& fact) override;
  absl::Status Room() const override;
  absl::StatusOr<int64_t> Insert(const SealedEvent& event, absl::Time received) override;
  absl::StatusOr<std::vector<SealedEvent>> Read(const std::vector<int64_t>& numbers,
                                                size_t max_bytes) override;
  absl::StatusOr<std::vector<Head>> HeadsAfter(int64_t number, size_t limit) override;
  absl::StatusOr<int64_t> Oldest() override;
  absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> FirstFrom(int64_t number) override;
  absl::StatusOr<int64_t> RemoveBefore(absl::Time received, absl::Time now) override;
  absl::Status ForgetUntil(int64_t last) override;
  absl::Status Store(int64_t subscription, Deliveries& deliveries, absl::Time now) override;
  absl::Status BeginEra(int64_t subscription, const Deliveries& deliveries,
                        int64_t number) override;
  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(int64_t subscription, int64_t after,
                                                      size_t limit) override;
  absl::StatusOr<bool> RemoveDeadLetter(int64_t subscription, int64_t number) override;

  // Returns the stored secret. If there is none, makes a random one and stores it.
  absl::StatusOr<std::string> AckSecret();
  // The time since which the facts of deliveries are stored.
  absl::StatusOr<absl::Time> FactsSince();
  // The number of the newest event that there ever was; 0: none.
  absl::StatusOr<int64_t> Newest();

  struct Stored {
    int64_t id = 0;
    bool is_new = false;
    Deliveries::Saved saved;
  };
  // Reads a subscription. Adds it if the file does not have it.
  absl::StatusOr<Stored> LoadSubscription(const std::string& name);
  absl::StatusOr<int64_t> CountDeadLetters(int64_t subscription);

  // Reads how large the file is.
  absl::Status Measure();
  int64_t file_bytes() const { return file_bytes_; }
  int64_t free_bytes() const { return file_bytes_ - used_bytes_; }

 private:
  struct FrontRow {
    int64_t number = 0;
    absl::Time received;
    bool keep_key = false;
    Key key;
  };
  // Reads the oldest events, as many as are removed at a time.
  absl::StatusOr<std::vector<FrontRow>> ReadFront();
  // Returns how many of these have to be removed; see RemoveBefore.
  absl::StatusOr<size_t> CountTooOld(const std::vector<FrontRow>& front, absl::Time received,
                                     absl::Time now);
  absl::Status StoreChanges(int64_t subscription, const Deliveries::Changes& changes,
                            absl::Time now);

  const int64_t max_bytes_;
  const size_t remove_limit_;
  int64_t file_bytes_ = 0;
  int64_t used_bytes_ = 0;

  ledger::SqliteStatement get_setting_;
  ledger::SqliteStatement put_setting_;
  ledger::SqliteStatement insert_;
  ledger::SqliteStatement insert_key_;
  ledger::SqliteStatement last_number_;
  ledger::SqliteStatement find_key_;
  ledger::SqliteStatement other_body_;
  ledger::SqliteStatement find_teller_;
  ledger::SqliteStatement find_;
  ledger::SqliteStatement heads_;
  ledger::SqliteStatement newest_;
  ledger::SqliteStatement oldest_;
  ledger::SqliteStatement first_from_;
  ledger::SqliteStatement front_;
  ledger::SqliteStatement first_dated_;
  ledger::SqliteStatement remove_;
  ledger::SqliteStatement remove_key_;
  ledger::SqliteStatement find_subscription_;
  ledger::SqliteStatement add_subscription_;
  ledger::SqliteStatement done_;
  ledger::SqliteStatement put_done_;
  ledger::SqliteStatement remove_done_;
  ledger::SqliteStatement tries_;
  ledger::SqliteStatement put_tries_;
  ledger::SqliteStatement remove_tries_;
  ledger::SqliteStatement forget_tries_;
  ledger::SqliteStatement set_era_;
  ledger::SqliteStatement put_dead_;
  ledger::SqliteStatement remove_dead_;
  ledger::SqliteStatement forget_dead_;
  ledger::SqliteStatement list_dead_;
  ledger::SqliteStatement forget_gone_tries_;
  ledger::SqliteStatement forget_gone_dead_;
  ledger::SqliteStatement count_dead_;
  ledger::SqliteStatement page_count_;
  ledger::SqliteStatement free_pages_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_ROWS_H_
