#include "service/events/sqlite/rows.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "service/events/cells.h"
#include "service/ledger/row.h"
#include "service/ledger/sqlite/schema.h"

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::FromMicros;
using ledger::SqliteStatement;
using ledger::ToMicros;
using ledger::Value;

constexpr char kAckSecret[] = "ack secret";
constexpr size_t kSecretBytes = 32;
constexpr char kFactsSince[] = "facts since";

absl::Status TornRow() { return absl::DataLossError("a row is not what it should be"); }

// Returns the only value of the only row; 0 if there is no row.
absl::StatusOr<int64_t> NumberOf(SqliteStatement& statement, absl::Span<const Value> values) {
  const absl::StatusOr<bool> row = statement.Begin(values);
  const int64_t number = row.ok() && *row ? statement.Number(0) : 0;
  statement.Reset();
  if (!row.ok()) return row.status();
  return number;
}

// Calls `each` for every row. If `each` returns false, the row is torn: DATA_LOSS.
template <typename Each>
absl::Status ForEach(SqliteStatement& statement, absl::Span<const Value> values, Each each) {
  absl::Status status;
  absl::StatusOr<bool> row = statement.Begin(values);
  for (; status.ok() && row.ok() && *row; row = statement.Step()) {
    std::vector<Cell> cells = statement.Cells();
    if (!each(cells)) status = TornRow();
  }
  if (status.ok()) status = row.status();
  statement.Reset();
  return status;
}

}  // namespace

SqliteRows::SqliteRows(ledger::SqliteDatabase& database, int64_t max_bytes, size_t remove_limit)
    : max_bytes_(max_bytes),
      remove_limit_(remove_limit),
      get_setting_(database, "SELECT value FROM settings WHERE name = CAST(? AS TEXT)"),
      put_setting_(database, "INSERT INTO settings VALUES (CAST(? AS TEXT), ?)"),
      insert_(database,
              "INSERT INTO events(received, provider, name, id, type, store, resource, signed, "
              "keep_key, event_key, body_key, body, origin, fact) VALUES (?, ?, ?, ?, ?, ?, ?, ?, "
              "?, ?, ?, ?, ?, ?)"),
      insert_key_(database, "INSERT INTO keys VALUES (?, ?, ?)"),
      last_number_(database, "SELECT last_insert_rowid()"),
      find_key_(database, "SELECT number FROM keys WHERE event_key = ? AND body_key = ?"),
      other_body_(database,
                  "SELECT number FROM keys WHERE event_key = ? AND body_key <> ? LIMIT 1"),
      find_teller_(database,
                   "SELECT number, origin FROM events WHERE fact = ? ORDER BY number LIMIT 1"),
      find_(database, absl::StrCat("SELECT ", kHeadColumns, ", ", kEventColumns,
                                   " FROM events WHERE number = ?")),
      heads_(database, absl::StrCat("SELECT ", kHeadColumns,
                                    " FROM events WHERE number > ? ORDER BY number LIMIT ?")),
      newest_(database, "SELECT seq FROM sqlite_sequence WHERE name = 'events'"),
      oldest_(database, "SELECT number FROM events ORDER BY number LIMIT 1"),
      first_from_(database,
                  "SELECT number, received FROM events WHERE number >= ? ORDER BY number LIMIT 1"),
      front_(database,
             "SELECT number, received, keep_key, event_key, body_key FROM events "
             "ORDER BY number LIMIT ?"),
      first_dated_(database,
                   "SELECT received FROM events WHERE received <= ? ORDER BY number LIMIT 1"),
      remove_(database, "DELETE FROM events WHERE number <= ?"),
      remove_key_(database, "DELETE FROM keys WHERE event_key = ? AND body_key = ?"),
      find_subscription_(database, "SELECT id, era FROM subscriptions WHERE name = ?"),
      add_subscription_(database, "INSERT INTO subscriptions(name, era) VALUES (?, 1)"),
      done_(database, "SELECT first, last FROM done WHERE subscription = ? ORDER BY first"),
      put_done_(database, "INSERT OR REPLACE INTO done VALUES (?, ?, ?)"),
      remove_done_(database, "DELETE FROM done WHERE subscription = ? AND first = ?"),
      tries_(database, "SELECT number, attempts FROM tries WHERE subscription = ?"),
      put_tries_(database, "INSERT OR REPLACE INTO tries VALUES (?, ?, ?)"),
      remove_tries_(database, "DELETE FROM tries WHERE subscription = ? AND number = ?"),
      forget_tries_(database, "DELETE FROM tries WHERE subscription = ?"),
      set_era_(database, "UPDATE subscriptions SET era = ? WHERE id = ?"),
      put_dead_(database, "INSERT OR REPLACE INTO dead_letters VALUES (?, ?, ?, ?)"),
      remove_dead_(database, "DELETE FROM dead_letters WHERE subscription = ? AND number = ?"),
      forget_dead_(database, "DELETE FROM dead_letters WHERE subscription = ? AND number >= ?"),
      list_dead_(database,
                 "SELECT number, since, attempts FROM dead_letters WHERE subscription = ? AND "
                 "number > ? ORDER BY number LIMIT ?"),
      forget_gone_tries_(database, "DELETE FROM tries WHERE number <= ?"),
      forget_gone_dead_(database, "DELETE FROM dead_letters WHERE number <= ?"),
      count_dead_(database, "SELECT count(*) FROM dead_letters WHERE subscription = ?"),
      page_count_(database, "PRAGMA page_count"),
      free_pages_(database, "PRAGMA freelist_count") {}

absl::StatusOr<std::string> SqliteRows::AckSecret() {
  std::string secret;
  absl::Status status = ForEach(get_setting_, {absl::string_view(kAckSecret)}, [&](auto& cells) {
    return TakeBytes(cells[0], secret) && secret.size() == kSecretBytes;
  });
  if (!status.ok()) return status;
  if (!secret.empty()) return secret;
  unsigned char random[kSecretBytes];
  if (RAND_bytes(random, sizeof(random)) != 1) {
    return absl::InternalError("the system has no random bytes");
  }
  secret.assign(reinterpret_cast<const char*>(random), sizeof(random));
  status = put_setting_.Run({absl::string_view(kAckSecret), secret}).status();
  if (!status.ok()) return status;
  return secret;
}

absl::StatusOr<int64_t> SqliteRows::Insert(const SealedEvent& event, absl::Time received) {
  const Head& head = event.event.head;
  std::vector<Value> cells = {ToMicros(received), head.provider, head.name,     head.id,
                              head.type,          head.store,    head.resource, std::monostate()};
  if (event.event.signed_time) cells.back() = ToMicros(*event.event.signed_time);
  cells.insert(cells.end(), {int64_t{event.event.keep_key}, event.key.event, event.key.body,
                             event.sealed_body, NumberOf(head.origin), std::monostate()});
  if (!event.fact.empty()) cells.back() = event.fact;
  absl::Status status = insert_.Run(cells).status();
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> number = NumberOf(last_number_, {});
  if (!number.ok()) return number.status();
  status = insert_key_.Run({event.key.event, event.key.body, *number}).status();
  if (!status.ok()) return status;
  return number;
}

absl::StatusOr<Rows::Known> SqliteRows::Find(const Key& key) {
  const absl::StatusOr<int64_t> number = NumberOf(find_key_, {key.event, key.body});
  if (!number.ok()) return number.status();
  if (*number != 0) return Known{*number};
  const absl::StatusOr<int64_t> other = NumberOf(other_body_, {key.event, key.body});
  if (!other.ok()) return other.status();
  return Known{0, *other != 0};
}

absl::StatusOr<Rows::Teller> SqliteRows::FindTeller(const std::string& fact) {
  Teller teller;
  const absl::Status status = ForEach(find_teller_, {fact}, [&](std::vector<Cell>& cells) {
    Origin origin = Origin::kDelivery;
    const bool whole = TakeNumber(cells[0], teller.number) && TakeOrigin(cells[1], origin);
    teller.swept = origin == Origin::kSweep;
    return whole;
  });
  if (!status.ok()) return status;
  return teller;
}

absl::StatusOr<absl::Time> SqliteRows::FactsSince() {
  int64_t seconds = 0;
  const absl::Status status =
      ForEach(get_setting_, {absl::string_view(kFactsSince)}, [&](std::vector<Cell>& cells) {
        std::string text;
        return TakeBytes(cells[0], text) && absl::SimpleAtoi(text, &seconds);
      });
  if (!status.ok()) return status;
  return absl::FromUnixSeconds(seconds);
}

absl::Status SqliteRows::Room() const {
  if (used_bytes_ < max_bytes_) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the log has reached its size of ", max_bytes_, " bytes"));
}

absl::StatusOr<std::vector<SealedEvent>> SqliteRows::Read(const std::vector<int64_t>& numbers,
                                                          size_t max_bytes) {
  std::vector<SealedEvent> events;
  size_t bytes = 0;
  for (const int64_t number : numbers) {
    std::optional<SealedEvent> found;
    const absl::Status status = ForEach(find_, {number}, [&](std::vector<Cell>& cells) {
      return TakeEvent(cells, found.emplace());
    });
    if (!status.ok()) return status;
    if (!found) return absl::DataLossError(absl::StrCat("event ", number, " is gone"));
    bytes += found->sealed_body.size();
    if (!events.empty() && bytes > max_bytes) break;
    events.push_back(*std::move(found));
  }
  return events;
}

absl::StatusOr<std::vector<Head>> SqliteRows::HeadsAfter(int64_t number, size_t limit) {
  std::vector<Head> heads;
  const absl::Status status =
      ForEach(heads_, {number, static_cast<int64_t>(limit)},
              [&](std::vector<Cell>& cells) { return TakeHead(cells, heads.emplace_back()); });
  if (!status.ok()) return status;
  return heads;
}

absl::StatusOr<int64_t> SqliteRows::Newest() { return NumberOf(newest_, {}); }
absl::StatusOr<int64_t> SqliteRows::Oldest() { return NumberOf(oldest_, {}); }

absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> SqliteRows::FirstFrom(
    int64_t number) {
  std::optional<std::pair<int64_t, absl::Time>> first;
  const absl::Status status = ForEach(first_from_, {number}, [&](std::vector<Cell>& cells) {
    const auto* const found = std::get_if<int64_t>(&cells[0]);
    const auto* const received = std::get_if<int64_t>(&cells[1]);
    if (found == nullptr || received == nullptr) return false;
    first.emplace(*found, FromMicros(*received));
    return true;
  });
  if (!status.ok()) return status;
  return first;
}

absl::StatusOr<int64_t> SqliteRows::RemoveBefore(absl::Time received, absl::Time now) {
  const absl::StatusOr<std::vector<FrontRow>> front = ReadFront();
  if (!front.ok()) return front.status();
  const absl::StatusOr<size_t> count = CountTooOld(*front, received, now);
  if (!count.ok()) return count.status();
  if (*count == 0) return 0;
  absl::Status status;
  for (size_t i = 0; i < *count; ++i) {
    const FrontRow& row = (*front)[i];
    if (row.keep_key || !status.ok()) continue;
    status = remove_key_.Run({row.key.event, row.key.body}).status();
  }
  const int64_t last = (*front)[*count - 1].number;
  if (status.ok()) status = remove_.Run({last}).status();
  if (!status.ok()) return status;
  return last;
}

absl::StatusOr<std::vector<SqliteRows::FrontRow>> SqliteRows::ReadFront() {
  std::vector<FrontRow> front;
  const absl::Status status =
      ForEach(front_, {static_cast<int64_t>(remove_limit_)}, [&](std::vector<Cell>& cells) {
        FrontRow& row = front.emplace_back();
        int64_t received = 0;
        int64_t keep_key = 0;
        const bool whole = TakeNumber(cells[0], row.number) && TakeNumber(cells[1], received) &&
                           TakeNumber(cells[2], keep_key) && TakeBytes(cells[3], row.key.event) &&
                           TakeBytes(cells[4], row.key.body);
        row.received = FromMicros(received);
        row.keep_key = keep_key != 0;
        return whole;
      });
  if (!status.ok()) return status;
  return front;
}

absl::StatusOr<size_t> SqliteRows::CountTooOld(const std::vector<FrontRow>& front,
                                               absl::Time received, absl::Time now) {
  const auto stays = std::find_if(front.begin(), front.end(), [&](const FrontRow& row) {
    return row.received >= received && row.received <= now;
  });
  const auto candidates = static_cast<size_t>(stays - front.begin());
  size_t count = candidates;
  while (count > 0 && front[count - 1].received >= received) --count;
  if (count > 0 || stays != front.end() || front.size() < remove_limit_) return count;
  // The times of all of them are after `now`, so the events behind them decide.
  const absl::StatusOr<int64_t> dated = NumberOf(first_dated_, {ToMicros(now)});
  if (!dated.ok()) return dated.status();
  return *dated != 0 && FromMicros(*dated) < received ? candidates : 0;
}

absl::Status SqliteRows::ForgetUntil(int64_t last) {
  const absl::Status status = forget_gone_tries_.Run({last}).status();
  return status.ok() ? forget_gone_dead_.Run({last}).status() : status;
}

absl::Status SqliteRows::Measure() {
  const absl::StatusOr<int64_t> pages = NumberOf(page_count_, {});
  if (!pages.ok()) return pages.status();
  const absl::StatusOr<int64_t> free = NumberOf(free_pages_, {});
  if (!free.ok()) return free.status();
  file_bytes_ = *pages * ledger::kSqlitePageBytes;
  used_bytes_ = (*pages - *free) * ledger::kSqlitePageBytes;
  return absl::OkStatus();
}

}  // namespace gateway::events
