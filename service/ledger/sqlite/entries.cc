#include "service/ledger/sqlite/entries.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "service/ledger/rules.h"

namespace gateway::ledger {
namespace {

// How many INTENTs are remembered at most. An INTENT with a long snapshot is not remembered.
constexpr size_t kMostIntents = 4096;
constexpr size_t kMostRemembered = 4096;

std::string Select(absl::string_view where) {
  return absl::StrCat("SELECT ", kColumns, " FROM entries WHERE ", where);
}

// For the pages of a list: leaves out the columns that may be long.
std::string SelectShort(absl::string_view where) {
  const std::string columns = absl::StrReplaceAll(kColumns, {{"before_send, reply", "NULL, NULL"}});
  return absl::StrCat("SELECT ", columns, " FROM entries WHERE ", where,
                      " ORDER BY number DESC LIMIT ?2");
}

std::vector<std::string> ColumnNames() { return absl::StrSplit(kColumns, ", "); }

std::string InsertText() {
  std::vector<std::string> names = ColumnNames();
  names.pop_back();  // number: SQLite gives it
  const std::vector<std::string> places(names.size(), "?");
  return absl::StrCat("INSERT INTO entries(", absl::StrJoin(names, ", "), ") VALUES (",
                      absl::StrJoin(places, ", "), ")");
}

std::string UpdateText() {
  const std::vector<std::string> names = ColumnNames();
  std::vector<std::string> sets;
  for (size_t i = kFixedColumns; i < kFixedColumns + kMutableColumns; ++i) {
    sets.push_back(absl::StrCat(names[i], " = ?"));
  }
  return absl::StrCat("UPDATE entries SET ", absl::StrJoin(sets, ", "), " WHERE number = ?");
}

}  // namespace

SqliteEntries::SqliteEntries(SqliteDatabase& database)
    : database_(database.get()),
      by_id_(database, Select("id = ?1")),
      by_scope_(database, Select("scope = ?1")),
      by_guard_(database, Select("upstream = ?1 AND store = ?2 AND guard = ?3 AND kept = 0 AND "
                                 "guard IS NOT NULL")),
      recent_(database, Select("upstream = ?1 AND store = ?2 AND guard = ?3 AND changed > ?4 AND "
                               "guard IS NOT NULL AND kept = 1 ORDER BY changed DESC LIMIT ?5")),
      insert_(database, InsertText()),
      update_(database, UpdateText()),
      list_(database, SelectShort("number < ?1")),
      list_intents_(database, SelectShort("state = 1 AND number < ?1")),
      list_unknown_(database, SelectShort("state = 4 AND number < ?1")),
      due_(database, Select("state = 4 AND (next_look <= ?1 OR next_look > ?2) AND "
                            "(leased_until <= ?1 OR leased_until > ?3) "
                            "ORDER BY next_look LIMIT ?4")),
      end_intents_(database,
                   "UPDATE entries SET state = 4, changed = ?1, next_look = ?1, leased_until = 0, "
                   "note = ?2, version = version + 1 WHERE state = 1"),
      strip_(database,
             "UPDATE entries SET kept = 2, reply = NULL, before_send = NULL, note = x'', "
             "resolver = x'', progress = x'', version = version + 1 WHERE number IN "
             "(SELECT number FROM entries WHERE kept = 1 AND changed < ?1 LIMIT ?2)"),
      remove_(database,
              "DELETE FROM entries WHERE number IN "
              "(SELECT number FROM entries WHERE kept = 2 AND changed < ?1 LIMIT ?2) "
              "RETURNING state"),
      add_count_(database, "UPDATE counts SET entries = entries + ?2 WHERE state = ?1"),
      read_counts_(database, "SELECT state, entries FROM counts WHERE state > 1"),
      count_intents_(database, "SELECT count(*) FROM entries WHERE state = 1"),
      read_oldest_unknown_(database, "SELECT min(changed) FROM entries WHERE state = 4") {}

absl::Status SqliteEntries::Note(absl::Status status) {
  if (!status.ok() && failure_.ok()) failure_ = status;
  return status;
}

SqliteEntries::MaybeRow SqliteEntries::FindOne(SqliteStatement& statement,
                                               absl::Span<const Value> values) {
  const absl::StatusOr<bool> found = statement.Begin(values);
  if (!found.ok()) return Note(found.status());
  if (!*found) {
    statement.Reset();
    return std::nullopt;
  }
  const std::vector<Cell> cells = statement.Cells();
  statement.Reset();
  absl::StatusOr<Row> row = RowFromCells(cells);
  if (!row.ok()) return row.status();
  return *std::move(row);
}

SqliteEntries::Rows SqliteEntries::FindAll(SqliteStatement& statement,
                                           absl::Span<const Value> values) {
  std::vector<Row> rows;
  absl::StatusOr<bool> found = statement.Begin(values);
  for (; found.ok() && *found; found = statement.Step()) {
    const std::vector<Cell> cells = statement.Cells();
    absl::StatusOr<Row> row = RowFromCells(cells);
    if (row.ok())
      rows.push_back(*std::move(row));
    else
      unreadable_.push_back(NumberIn(cells));
  }
  statement.Reset();
  if (!found.ok()) return Note(found.status());
  return rows;
}

SqliteEntries::MaybeRow SqliteEntries::FindById(const EntryId& id) {
  const auto known = intents_.find(id);
  if (known == intents_.end()) return FindOne(by_id_, {id.bytes()});
  // Update puts the row back into intents_, unless the change fails.
  Row row = std::move(known->second);
  intents_.erase(known);
  return row;
}

void SqliteEntries::Remember(Row row) {
  const bool is_small = !row.sealed_before || row.sealed_before->size() <= kMostRemembered;
  if (!is_small || intents_.size() >= kMostIntents) return;
  const EntryId id = row.entry.id;
  intents_.insert_or_assign(id, std::move(row));
}

SqliteEntries::MaybeRow SqliteEntries::FindByScope(const std::string& digest) {
  return FindOne(by_scope_, {digest});
}

SqliteEntries::MaybeRow SqliteEntries::FindByGuard(const Scope& scope, const std::string& guard) {
  return FindOne(by_guard_, {scope.upstream, scope.store, guard});
}

SqliteEntries::Rows SqliteEntries::RecentlyGuarded(const Scope& scope, const std::string& guard,
                                                   absl::Time since) {
  const absl::StatusOr<std::vector<Row>> rows = FindAll(
      recent_,
      {scope.upstream, scope.store, guard, ToMicros(since), static_cast<int64_t>(kMostRecent)});
  if (rows.ok() && !TakeUnreadable().empty())
    return absl::DataLossError("a stored entry is unreadable");
  return rows;
}

absl::Status SqliteEntries::Insert(Row row) {
  const absl::StatusOr<int64_t> changed = insert_.Run(ValuesOf(row));
  if (!changed.ok()) return Note(changed.status());
  Count(row.entry.state, 1);
  row.number = sqlite3_last_insert_rowid(database_);
  Remember(std::move(row));
  return absl::OkStatus();
}

absl::Status SqliteEntries::Update(State before, Row& row) {
  ++row.version;
  std::vector<Value> values = ValuesOf(row);
  values.emplace_back(row.number);
  const absl::StatusOr<int64_t> changed =
      update_.Run(absl::MakeConstSpan(values).subspan(kFixedColumns));
  if (!changed.ok()) return Note(changed.status());
  Count(before, -1);
  Count(row.entry.state, 1);
  intents_.erase(row.entry.id);
  if (row.entry.state == State::kIntent) Remember(row);
  return absl::OkStatus();
}

SqliteEntries::Rows SqliteEntries::List(std::optional<State> state, int64_t below, int64_t limit) {
  SqliteStatement& statement = state == State::kIntent    ? list_intents_
                               : state == State::kUnknown ? list_unknown_
                                                          : list_;
  return FindAll(statement, {below, limit});
}

SqliteEntries::Rows SqliteEntries::Due(absl::Time now, absl::Duration max_pause, int64_t limit) {
  // A row that is due implausibly late was postponed before the clock was set back. It is due now.
  return FindAll(due_, {ToMicros(now), ToMicros(now + max_pause + 2 * kMaxLease),
                        ToMicros(now + kMaxLease), limit});
}

absl::StatusOr<int64_t> SqliteEntries::EndIntents(absl::Time now, const std::string& note) {
  const absl::StatusOr<int64_t> changed = end_intents_.Run({ToMicros(now), note});
  if (!changed.ok()) return Note(changed.status());
  intents_.clear();
  Count(State::kIntent, -*changed);
  Count(State::kUnknown, *changed);
  return changed;
}

absl::Status SqliteEntries::TryWrite() {
  return Note(add_count_.Run({int64_t{0}, int64_t{1}}).status());
}

absl::StatusOr<int64_t> SqliteEntries::Strip(absl::Time ended_before, int64_t limit) {
  const absl::StatusOr<int64_t> changed = strip_.Run({ToMicros(ended_before), limit});
  if (!changed.ok()) return Note(changed.status());
  return changed;
}

absl::StatusOr<int64_t> SqliteEntries::Remove(absl::Time ended_before, int64_t limit) {
  int64_t removed = 0;
  absl::StatusOr<bool> row = remove_.Begin({ToMicros(ended_before), limit});
  for (; row.ok() && *row; row = remove_.Step()) {
    ++removed;
    const int64_t state = remove_.Number(0);
    if (state >= 1 && state <= 5) Count(static_cast<State>(state), -1);
  }
  remove_.Reset();
  if (!row.ok()) return Note(row.status());
  return removed;
}

// INTENTs are not in the table of counts, because each write would have to change it twice more.
// The INTENTs of an earlier process end when the file is opened, and the index has the others.
absl::Status SqliteEntries::LoadCounts() {
  counts_.clear();
  absl::StatusOr<bool> row = read_counts_.Begin({});
  for (; row.ok() && *row; row = read_counts_.Step()) {
    counts_[static_cast<State>(read_counts_.Number(0))] = read_counts_.Number(1);
  }
  read_counts_.Reset();
  if (row.ok()) row = count_intents_.Begin({});
  if (row.ok() && *row) counts_[State::kIntent] = count_intents_.Number(0);
  count_intents_.Reset();
  if (!row.ok()) return Note(row.status());
  return ReadOldestUnknown();
}

absl::Status SqliteEntries::ReadOldestUnknown() {
  const absl::StatusOr<bool> row = read_oldest_unknown_.Begin({});
  if (!row.ok()) return Note(row.status());
  oldest_unknown_.reset();
  if (*row && !read_oldest_unknown_.IsNull(0)) {
    oldest_unknown_ = FromMicros(read_oldest_unknown_.Number(0));
  }
  read_oldest_unknown_.Reset();
  return absl::OkStatus();
}

absl::Status SqliteEntries::FlushCounts() {
  for (size_t state = 1; state < changes_.size(); ++state) {
    if (changes_[state] == 0 || static_cast<State>(state) == State::kIntent) continue;
    const absl::StatusOr<int64_t> changed =
        add_count_.Run({static_cast<int64_t>(state), changes_[state]});
    if (!changed.ok()) return Note(changed.status());
  }
  return absl::OkStatus();
}

absl::Status SqliteEntries::Committed() {
  for (size_t state = 1; state < changes_.size(); ++state) {
    if (changes_[state] != 0) counts_[static_cast<State>(state)] += changes_[state];
  }
  changes_ = {};
  if (!std::exchange(unknown_changed_, false)) return absl::OkStatus();
  return ReadOldestUnknown();
}

void SqliteEntries::Forget() {
  changes_ = {};
  unknown_changed_ = false;
  // They may belong to the transaction that is rolled back.
  intents_.clear();
  failure_ = absl::OkStatus();
}

}  // namespace gateway::ledger
