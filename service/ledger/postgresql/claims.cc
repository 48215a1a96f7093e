// How PostgresqlLedger claims: the database's unique indexes decide. A claim whose INSERT adds no
// row reads the row that is in its way.
#include <optional>
#include <string>
#include <utility>

#include "service/ledger/postgresql/ledger.h"

namespace gateway::ledger {

void PostgresqlLedger::Begin(std::shared_ptr<Claiming> claiming) {
  if (const absl::Status good = Check(claiming->request); !good.ok()) {
    claiming->result = good;
    return Finish(claiming);
  }
  Insert(std::move(claiming), kPostgresqlTries);
}

void PostgresqlLedger::Insert(std::shared_ptr<Claiming> claiming, int tries) {
  absl::StatusOr<EntryId> id = EntryId::Make(absl::Now());
  if (!id.ok() || tries == 0) {
    claiming->result = id.ok() ? TooManyPostgresqlTries() : id.status();
    return Finish(claiming);
  }
  // The row's times begin at 0: kInsert adds the time of the database.
  const Row row = NewRow(claiming->request, *std::move(id), epoch_, absl::UnixEpoch());
  const bool reachable = Pick() != nullptr;
  Send(Query::kInsert, ValuesOf(row), [=, this](const Result& result) {
    if (absl::IsAborted(result.status())) return Insert(claiming, tries - 1);
    if (!result.ok()) {
      // The row may have been written nevertheless.
      if (reachable) Abandon(row);
      claiming->result = absl::UnavailableError(result.status().message());
      return Finish(claiming);
    }
    if (result->rows.empty()) return LookUp(claiming, tries);
    ++numbers_.commits;
    ++numbers_.operations_committed;
    absl::StatusOr<Row> made = RowFromCells(result->rows[0]);
    if (made.ok()) return FinishClaimed(claiming, {ClaimAnswer::kClaimed, made->entry});
    claiming->result = made.status();
    Finish(claiming);
  });
}

// The claim holds. The answer must have the entries that held its guard recently: without them the
// caller must not send.
void PostgresqlLedger::FinishClaimed(std::shared_ptr<Claiming> claiming, ClaimAnswer answer) {
  const ClaimRequest& request = claiming->request;
  claiming->result = std::move(answer);
  if (request.guard.empty() || request.settle <= absl::ZeroDuration()) return Finish(claiming);
  Send(Query::kRecent,
       {request.scope.upstream, request.scope.store, request.guard,
        absl::ToInt64Microseconds(request.settle), static_cast<int64_t>(kMostRecent)},
       [=, this](const Result& result) {
         const absl::StatusOr<std::vector<Entry>> recent = RecentIn(result);
         if (recent.ok()) {
           claiming->result->recent = *recent;
         } else {
           const Entry& entry = claiming->result->entry;
           abandoned_.push_back({entry.id, entry.attempt});
           claiming->result = recent.status();
         }
         Finish(claiming);
       });
}

absl::StatusOr<std::vector<Entry>> PostgresqlLedger::RecentIn(const Result& result) const {
  if (!result.ok()) return absl::UnavailableError(result.status().message());
  std::vector<Row> rows;
  for (const std::vector<Cell>& cells : result->rows) {
    absl::StatusOr<Row> row = RowFromCells(cells);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  return RecentOf(options_.common, rows);
}

void PostgresqlLedger::LookUp(std::shared_ptr<Claiming> claiming, int tries) {
  if (tries == 0) {
    claiming->result = TooManyPostgresqlTries();
    return Finish(claiming);
  }
  ReadOne(Query::kByScope, {DigestOf(claiming->request.scope)},
          [=, this](absl::StatusOr<Row> row, absl::Time now) {
            if (absl::IsNotFound(row.status())) return LookAtGuard(claiming, tries);
            if (row.ok()) return ClaimFound(claiming, *std::move(row), now, tries);
            claiming->result = row.status();
            Finish(claiming);
          });
}

void PostgresqlLedger::ClaimFound(std::shared_ptr<Claiming> claiming, Row row, absl::Time now,
                                  int tries) {
  const ClaimAnswer::Kind kind = JudgeClaim(row, claiming->request, now);
  if (kind == ClaimAnswer::kInProgress &&
      EndOverdue(row, now, [=, this] { LookUp(claiming, tries - 1); })) {
    return;
  }
  if (kind != ClaimAnswer::kClaimed) {
    absl::StatusOr<Entry> entry = row.entry;
    if (kind == ClaimAnswer::kDone) entry = OpenEntry(*options_.common.cipher, row);
    if (entry.ok())
      claiming->result = ClaimAnswer{kind, *std::move(entry)};
    else
      claiming->result = entry.status();
    return Finish(claiming);
  }
  absl::StatusOr<Entry> last = OpenEntry(*options_.common.cipher, row);
  if (!last.ok()) {
    claiming->result = last.status();
    return Finish(claiming);
  }
  const std::optional<std::string> not_done = std::move(last->before);
  ClaimAgain(claiming->request, epoch_, now, row);
  Update(row, [=, this](const Result& result) {
    if (absl::IsAlreadyExists(result.status())) return LookAtGuard(claiming, tries);
    if (absl::IsAborted(result.status()) || (result.ok() && result->changed == 0)) {
      return LookUp(claiming, tries - 1);
    }
    if (result.ok()) {
      ClaimAnswer answer{ClaimAnswer::kClaimed, row.entry};
      answer.entry.before = not_done;
      return FinishClaimed(claiming, std::move(answer));
    }
    Abandon(row);
    claiming->result = absl::UnavailableError(result.status().message());
    Finish(claiming);
  });
}

// Finds the entry that holds the guard. If there is none, the claim is tried again.
void PostgresqlLedger::LookAtGuard(std::shared_ptr<Claiming> claiming, int tries) {
  const ClaimRequest& request = claiming->request;
  if (request.guard.empty()) return Insert(claiming, tries - 1);
  ReadOne(
      Query::kByGuard, {request.scope.upstream, request.scope.store, request.guard},
      [=, this](absl::StatusOr<Row> row, absl::Time now) {
        if (absl::IsNotFound(row.status())) return Insert(claiming, tries - 1);
        if (row.ok() && EndOverdue(*row, now, [=, this] { LookAtGuard(claiming, tries - 1); })) {
          return;
        }
        if (row.ok())
          claiming->result = ClaimAnswer{ClaimAnswer::kGuarded, row->entry};
        else
          claiming->result = row.status();
        Finish(claiming);
      });
}

bool PostgresqlLedger::EndOverdue(const Row& row, absl::Time now, absl::AnyInvocable<void()> then) {
  if (row.entry.state != State::kIntent || now <= row.entry.deadline + options_.grace) return false;
  Row ended = row;
  BecomeUnknown(kPostgresqlOverdue, now, ended);
  // Another gateway may have written it at the same time; the next read shows which one did.
  Update(ended, [then = std::move(then)](const Result&) mutable { then(); });
  return true;
}

void PostgresqlLedger::Abandon(const Row& row) {
  abandoned_.push_back({row.entry.id, row.entry.attempt});
}

void PostgresqlLedger::GiveUp(const Holding& holding) {
  ++active_;
  const auto change = std::make_shared<Change>();
  change->id = holding.id;
  change->apply = [this, holding](Row& row, absl::Time now) -> Changed {
    if (row.entry.state != State::kIntent || row.entry.attempt != holding.attempt) return false;
    const Settlement not_sent{Settlement::kNotSent, {}, "the claim could not be made durable"};
    return ApplySettle(options_.common, holding, not_sent, now, row);
  };
  change->finished = [this, holding](const absl::StatusOr<Entry>& entry) {
    --active_;
    if (absl::IsUnavailable(entry.status())) abandoned_.push_back(holding);
  };
  Make(change);
}

}  // namespace gateway::ledger
