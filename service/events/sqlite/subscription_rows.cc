// The rows that belong to one subscription.
#include <utility>

#include "service/events/sqlite/rows.h"
#include "service/ledger/row.h"

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::SqliteStatement;
using ledger::Value;

absl::Status TornSubscription() {
  return absl::DataLossError("a row of a subscription is not what it should be");
}

// Reads rows that consist of numbers only. DATA_LOSS if a cell is no number.
absl::StatusOr<std::vector<std::vector<int64_t>>> Numbers(SqliteStatement& statement,
                                                          absl::Span<const Value> values) {
  std::vector<std::vector<int64_t>> rows;
  absl::Status status;
  absl::StatusOr<bool> row = statement.Begin(values);
  for (; status.ok() && row.ok() && *row; row = statement.Step()) {
    std::vector<int64_t>& numbers = rows.emplace_back();
    for (const Cell& cell : statement.Cells()) {
      const auto* const number = std::get_if<int64_t>(&cell);
      if (number == nullptr) status = TornSubscription();
      if (number != nullptr) numbers.push_back(*number);
    }
  }
  statement.Reset();
  if (status.ok()) status = row.status();
  if (!status.ok()) return status;
  return rows;
}

}  // namespace

absl::StatusOr<SqliteRows::Stored> SqliteRows::LoadSubscription(const std::string& name) {
  Stored stored;
  auto found = Numbers(find_subscription_, {name});
  if (found.ok() && found->empty()) {
    stored.is_new = true;
    const absl::Status added = add_subscription_.Run({name}).status();
    if (!added.ok()) return added;
    found = Numbers(find_subscription_, {name});
  }
  if (!found.ok()) return found.status();
  if (found->size() != 1) return TornSubscription();
  stored.id = found->front()[0];
  stored.saved.era = static_cast<uint64_t>(found->front()[1]);
  const auto done = Numbers(done_, {stored.id});
  if (!done.ok()) return done.status();
  for (const std::vector<int64_t>& row : *done) {
    if (row[0] < 1 || row[1] < row[0]) return TornSubscription();
    stored.saved.done.Add(row[0], row[1]);
  }
  (void)stored.saved.done.TakeChanges();  // the file has them already
  const auto tries = Numbers(tries_, {stored.id});
  if (!tries.ok()) return tries.status();
  for (const std::vector<int64_t>& row : *tries) {
    stored.saved.tries[row[0]] = static_cast<int32_t>(row[1]);
  }
  return stored;
}

absl::Status SqliteRows::Store(int64_t subscription, Deliveries& deliveries, absl::Time now) {
  return StoreChanges(subscription, deliveries.TakeChanges(), now);
}

absl::Status SqliteRows::StoreChanges(int64_t subscription, const Deliveries::Changes& changes,
                                      absl::Time now) {
  absl::Status status;
  for (const IntervalSet::Change& change : changes.done) {
    if (!status.ok()) return status;
    status = change.last ? put_done_.Run({subscription, change.first, *change.last}).status()
                         : remove_done_.Run({subscription, change.first}).status();
  }
  for (const auto& [number, attempts] : changes.tries) {
    if (!status.ok()) return status;
    status = attempts > 0 ? put_tries_.Run({subscription, number, int64_t{attempts}}).status()
                          : remove_tries_.Run({subscription, number}).status();
  }
  for (const Deliveries::Changes::Dead& dead : changes.dead) {
    if (!status.ok()) return status;
    status =
        put_dead_.Run({subscription, dead.number, int64_t{dead.attempts}, ledger::ToMicros(now)})
            .status();
  }
  for (const int64_t number : changes.late) {
    if (!status.ok()) return status;
    status = remove_dead_.Run({subscription, number}).status();
  }
  return status;
}

absl::Status SqliteRows::BeginEra(int64_t subscription, const Deliveries& deliveries,
                                  int64_t number) {
  absl::Status status =
      set_era_.Run({static_cast<int64_t>(deliveries.era()), subscription}).status();
  if (status.ok()) status = forget_tries_.Run({subscription}).status();
  if (status.ok()) status = forget_dead_.Run({subscription, number}).status();
  return status;
}

absl::StatusOr<std::vector<DeadLetter>> SqliteRows::DeadLetters(int64_t subscription, int64_t after,
                                                                size_t limit) {
  std::vector<DeadLetter> letters;
  const auto listed = Numbers(list_dead_, {subscription, after, static_cast<int64_t>(limit)});
  if (!listed.ok()) return listed.status();
  for (const std::vector<int64_t>& row : *listed) {
    absl::StatusOr<std::vector<Head>> heads = HeadsAfter(row[0] - 1, 1);
    if (!heads.ok()) return heads.status();
    if (heads->size() != 1 || heads->front().number != row[0]) continue;
    letters.push_back(
        {std::move(heads->front()), ledger::FromMicros(row[1]), static_cast<int32_t>(row[2])});
  }
  return letters;
}

absl::StatusOr<int64_t> SqliteRows::CountDeadLetters(int64_t subscription) {
  const auto count = Numbers(count_dead_, {subscription});
  if (!count.ok()) return count.status();
  return count->empty() ? 0 : count->front()[0];
}

absl::StatusOr<bool> SqliteRows::RemoveDeadLetter(int64_t subscription, int64_t number) {
  const absl::StatusOr<int64_t> removed = remove_dead_.Run({subscription, number});
  if (!removed.ok()) return removed.status();
  return *removed > 0;
}

}  // namespace gateway::events
