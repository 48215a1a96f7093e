// The rows that belong to one subscription.
#include <algorithm>
#include <utility>

#include "service/events/cells.h"
#include "service/events/postgresql/lease_bytes.h"
#include "service/events/postgresql/rows.h"
#include "service/ledger/row.h"

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::ToMicros;
using ledger::Value;

absl::Status Torn() {
  return absl::DataLossError("a row of a subscription is not what it should be");
}

// Calls `take` for each row. All columns have to be numbers; DATA_LOSS if a cell is not.
template <typename Take>
absl::Status ForEachRow(const PostgresqlSession::Result& result, size_t columns, Take take) {
  for (const std::vector<Cell>& cells : result.rows) {
    std::vector<int64_t> numbers(columns);
    for (size_t i = 0; i < columns; ++i) {
      if (i >= cells.size() || !TakeNumber(cells[i], numbers[i])) return Torn();
    }
    take(numbers);
  }
  return absl::OkStatus();
}

int64_t MicrosOf(SteadyTime deadline) {
  return absl::ToInt64Microseconds(deadline - SteadyTime::Epoch());
}

}  // namespace

absl::StatusOr<std::map<std::string, int64_t>> PostgresqlRows::AddSubscriptions(
    const std::vector<std::string>& names) {
  // No gateway removes events meanwhile: it would need the lock of the log.
  session_.SendText("BEGIN");
  session_.Send(Query::kLockLog, {});
  for (const std::string& name : names) session_.Send(Query::kAddSubscription, {name});
  std::map<std::string, int64_t> ids;
  session_.Send(Query::kSubscriptions, {}, [&](const PostgresqlSession::Result& result) {
    for (std::vector<Cell> cells : result.rows) {
      int64_t id = 0;
      std::string name;
      if (!TakeNumber(cells[0], id) || !TakeBytes(cells[1], name)) return Torn();
      ids.emplace(std::move(name), id);
    }
    return absl::OkStatus();
  });
  session_.SendText("COMMIT");
  if (const absl::Status added = session_.Finish(); !added.ok()) return added;
  return ids;
}

absl::Status PostgresqlRows::TakeLocked(const PostgresqlSession::Result& result) {
  return ForEachRow(result, 4, [this](const std::vector<int64_t>& row) {
    locked_[row[0]] = {row[1], static_cast<uint64_t>(row[2]), static_cast<uint64_t>(row[3])};
  });
}

absl::Status PostgresqlRows::TakeState(const PostgresqlSession::Result& result,
                                       std::map<int64_t, Stored>& stored) {
  enum { kDone, kTries, kLeases };
  for (const std::vector<Cell>& row : result.rows) {
    int64_t kind = 0;
    int64_t subscription = 0;
    int64_t first = 0;
    int64_t second = 0;
    if (row.size() != 5 || !TakeNumber(row[0], kind) || !TakeNumber(row[1], subscription) ||
        !TakeNumber(row[2], first) || !TakeNumber(row[3], second) || first < 1) {
      return Torn();
    }
    Stored& of = stored[subscription];
    if (kind == kDone) {
      if (second < first) return Torn();
      of.saved.done.Add(first, second);
    } else if (kind == kTries) {
      of.saved.tries[first] = static_cast<int32_t>(second);
    } else {
      const auto* const bytes = std::get_if<std::string>(&row[4]);
      const auto leases =
          bytes == nullptr ? std::nullopt
                           : UnpackLeases(*bytes, SteadyTime::Epoch() + absl::Microseconds(first));
      if (!leases) return Torn();
      of.leases.insert(of.leases.end(), leases->begin(), leases->end());
    }
  }
  // The database has these already.
  for (auto& [subscription, of] : stored) (void)of.saved.done.TakeChanges();
  return absl::OkStatus();
}

absl::Status PostgresqlRows::Store(int64_t subscription, Deliveries& deliveries, absl::Time now) {
  const Deliveries::Changes changes = deliveries.TakeChanges();
  if (changes.empty()) return absl::OkStatus();
  changed_[subscription] = &deliveries;
  for (const IntervalSet::Change& change : changes.done) {
    if (change.last) {
      session_.Send(Query::kPutDone, {subscription, change.first, *change.last});
    } else {
      session_.Send(Query::kRemoveDone, {subscription, change.first});
    }
  }
  for (const auto& [number, attempts] : changes.tries) {
    if (attempts > 0) {
      session_.Send(Query::kPutTries, {subscription, number, int64_t{attempts}});
    } else {
      session_.Send(Query::kRemoveTries, {subscription, number});
    }
  }
  for (const SteadyTime deadline : changes.deadlines) {
    const std::string leases = PackLeases(deliveries.LeasesUntil(deadline));
    if (leases.empty()) {
      session_.Send(Query::kRemoveLeases, {subscription, MicrosOf(deadline)});
    } else {
      session_.Send(Query::kPutLeases, {subscription, MicrosOf(deadline), leases});
    }
  }
  for (const Deliveries::Changes::Dead& dead : changes.dead) {
    session_.Send(Query::kPutDeadLetter,
                  {subscription, dead.number, int64_t{dead.attempts}, ToMicros(now)});
  }
  for (const int64_t number : changes.late) {
    session_.Send(Query::kRemoveDeadLetter, {subscription, number});
  }
  return absl::OkStatus();
}

absl::Status PostgresqlRows::BeginEra(int64_t subscription, const Deliveries& deliveries,
                                      int64_t number) {
  changed_[subscription] = &deliveries;
  session_.Send(Query::kEndLeases, {subscription});
  session_.Send(Query::kEndTries, {subscription});
  session_.Send(Query::kEndDeadLetters, {subscription, number});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DeadLetter>> PostgresqlRows::DeadLetters(int64_t subscription,
                                                                    int64_t after, size_t limit) {
  std::vector<DeadLetter> letters;
  std::vector<int64_t> numbers;
  const auto take = [&](const PostgresqlSession::Result& result) {
    return ForEachRow(result, 3, [&](const std::vector<int64_t>& row) {
      numbers.push_back(row[0]);
      letters.push_back({{}, ledger::FromMicros(row[1]), static_cast<int32_t>(row[2])});
    });
  };
  after = std::max(after, LastGone());
  const absl::Status read = session_.Ask(Query::kListDeadLetters,
                                         {subscription, after, static_cast<int64_t>(limit)}, take);
  if (!read.ok()) return read;
  absl::StatusOr<std::vector<Head>> heads = Heads(numbers);
  if (!heads.ok()) return heads.status();
  for (size_t i = 0; i < letters.size(); ++i) letters[i].head = std::move((*heads)[i]);
  return letters;
}

absl::StatusOr<bool> PostgresqlRows::RemoveDeadLetter(int64_t subscription, int64_t number) {
  bool removed = false;
  const absl::Status done = session_.Ask(Query::kRemoveDeadLetter, {subscription, number},
                                         [&removed](const PostgresqlSession::Result& result) {
                                           removed = result.changed > 0;
                                           return absl::OkStatus();
                                         });
  if (!done.ok()) return done;
  return removed;
}

absl::StatusOr<std::map<int64_t, uint64_t>> PostgresqlRows::CountDeadLetters() {
  std::map<int64_t, uint64_t> counts;
  const absl::Status read =
      session_.Ask(Query::kCountDeadLetters, {}, [&](const PostgresqlSession::Result& result) {
        return ForEachRow(result, 2, [&](const std::vector<int64_t>& row) {
          counts[row[0]] = static_cast<uint64_t>(row[1]);
        });
      });
  if (!read.ok()) return read;
  return counts;
}

}  // namespace gateway::events
