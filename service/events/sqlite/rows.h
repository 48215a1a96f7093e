// The rows of an event log's SQLite file: reads and changes them with prepared statements. It knows
// nothing of what a subscription is owed (see deliveries.h).
//
// Thread-safety: none; the store's thread. Lifetime: the database must outlive it.
//
// Errors: those of SqliteDatabase. A row that is not what the schema says is DATA_LOSS.
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
#include "service/ledger/sqlite/database.h"

namespace gateway::events {

class Rows {
 public:
  explicit Rows(ledger::SqliteDatabase& database);

  // Made once, at random.
  absl::StatusOr<std::string> AckSecret();

  // Gives the event its number.
  absl::StatusOr<int64_t> Insert(const SealedEvent& event, absl::Time received);
  // 0: there is none.
  absl::StatusOr<int64_t> FindKey(const Key& key);
  absl::StatusOr<bool> HasKeyOfOtherBody(const Key& key);

  absl::StatusOr<std::optional<SealedEvent>> Find(int64_t number);
  absl::StatusOr<std::vector<Head>> HeadsAfter(int64_t number, size_t limit);
  // The newest there ever was, and the oldest there is; 0: none.
  absl::StatusOr<int64_t> Newest();
  absl::StatusOr<int64_t> Oldest();
  // When the first event from this number on was received; nothing where there is none.
  absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> FirstFrom(int64_t number);

  // Removes events from the front, at most `limit`, that were received before; and their keys and
  // dead letters.
  // The number of the last one that is gone; 0: none.
  absl::StatusOr<int64_t> RemoveBefore(absl::Time received, size_t limit);

  struct Stored {
    int64_t id = 0;
    Deliveries::Saved saved;
  };
  // A subscription that is new is stored.
  absl::StatusOr<Stored> LoadSubscription(const std::string& name);
  absl::Status Store(int64_t subscription, const Deliveries::Changes& changes, absl::Time now);
  // Forgets tries, and dead letters from this number on.
  absl::Status BeginEra(int64_t subscription, uint64_t era, int64_t number);

  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(int64_t subscription, int64_t after,
                                                      size_t limit);
  absl::StatusOr<int64_t> CountDeadLetters(int64_t subscription);
  // False: it is no dead letter.
  absl::StatusOr<bool> RemoveDeadLetter(int64_t subscription, int64_t number);

 private:
  ledger::SqliteStatement get_setting_;
  ledger::SqliteStatement put_setting_;
  ledger::SqliteStatement insert_;
  ledger::SqliteStatement insert_key_;
  ledger::SqliteStatement last_number_;
  ledger::SqliteStatement find_key_;
  ledger::SqliteStatement other_body_;
  ledger::SqliteStatement find_;
  ledger::SqliteStatement heads_;
  ledger::SqliteStatement newest_;
  ledger::SqliteStatement oldest_;
  ledger::SqliteStatement first_from_;
  ledger::SqliteStatement front_;
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
  ledger::SqliteStatement forget_gone_;
  ledger::SqliteStatement count_dead_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SQLITE_ROWS_H_
