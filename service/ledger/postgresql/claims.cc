// How PostgresqlLedger claims: the database's unique indexes decide. A claim whose INSERT adds no
// row reads the row that is in its way.
#include <optional>
#include <string>
#include <utility>

#include "service/ledger/postgresql/ledger.h"
#include "service/ledger/random_bytes.h"

namespace gateway::ledger {

void PostgresqlLedger::Begin(std::shared_ptr<Claiming> claiming) {
  if (const absl::Status good = Check(claiming->request); !good.ok()) {
    return Refuse(claiming, good);
  }
  Insert(std::move(claiming), kPostgresqlTries);
}

void PostgresqlLedger::Insert(std::shared_ptr<Claiming> claiming, int tries) {
  absl::StatusOr<EntryId> id = EntryId::Make(absl::Now());
  const absl::StatusOr<int64_t> claim = RandomNumber();
  if (!id.ok() || !claim.ok()) return Refuse(claiming, id.ok() ? claim.status() : id.status());
  if (tries == 0) return Refuse(claiming, TooManyPostgresqlTries());
  // The row's times begin at 0: kInsert adds the time of the database.
  const Row row = NewRow(claiming->request, *std::move(id), *claim, absl::UnixEpoch());
  const bool is_sent = Pick() != nullptr;
  Send(Query::kInsert, ValuesOf(row), [=, this](const Result& result) {
    if (absl::IsAborted(result.status())) return Insert(claiming, tries - 1);
    if (!result.ok()) {
      // The row may have been written nevertheless.
      if (is_sent) Abandon({{row.entry.id, row.entry.attempt}, row.claim});
      return Refuse(claiming, absl::UnavailableError(result.status().message()));
    }
    if (result->rows.empty()) return LookUp(claiming, tries);
    ++numbers_.commits;
    ++numbers_.operations_committed;
    absl::StatusOr<Row> made = RowFromCells(result->rows[0]);
    if (made.ok())
      return FinishClaimed(claiming, {ClaimAnswer::kClaimed, made->entry, {}, row.claim});
    Refuse(claiming, made.status());
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
           Abandon({{entry.id, entry.attempt}, claiming->result->claim});
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
  if (tries == 0) return Refuse(claiming, TooManyPostgresqlTries());
  ReadOne(Query::kByScope, {DigestOf(claiming->request.scope)},
          [=, this](absl::StatusOr<Row> row, absl::Time now) {
            if (absl::IsNotFound(row.status())) return LookAtGuard(claiming, tries);
            if (row.ok()) return ClaimFound(claiming, *std::move(row), now, tries);
            Refuse(claiming, row.status());
          });
}

void PostgresqlLedger::ClaimFound(std::shared_ptr<Claiming> claiming, Row row, absl::Time now,
                                  int tries) {
  const ClaimAnswer::Kind kind = JudgeClaim(row, claiming->request, now);
  if (kind == ClaimAnswer::kInProgress &&
      EndOverdue(row, now, [=, this] { LookUp(claiming, tries - 1); })) {
    return;
  }
  if (kind == ClaimAnswer::kClaimed)
    return ClaimAgain(std::move(claiming), std::move(row), now, tries);
  absl::StatusOr<Entry> entry = row.entry;
  if (kind == ClaimAnswer::kDone) entry = OpenEntry(*options_.common.cipher, row);
  if (!entry.ok()) return Refuse(claiming, entry.status());
  claiming->result = ClaimAnswer{kind, *std::move(entry)};
  Finish(claiming);
}

void PostgresqlLedger::ClaimAgain(std::shared_ptr<Claiming> claiming, Row row, absl::Time now,
                                  int tries) {
  absl::StatusOr<Entry> last = OpenEntry(*options_.common.cipher, row);
  if (!last.ok()) return Refuse(claiming, last.status());
  const absl::StatusOr<int64_t> claim = RandomNumber();
  if (!claim.ok()) return Refuse(claiming, claim.status());
  const std::optional<std::string> not_done = std::move(last->before);
  ledger::ClaimAgain(claiming->request, *claim, now, row);
  const bool is_sent = Pick() != nullptr;
  Update(row, [=, this](const Result& result) {
    if (absl::IsAlreadyExists(result.status())) return LookAtGuard(claiming, tries);
    if (absl::IsAborted(result.status()) || (result.ok() && result->changed == 0)) {
      return LookUp(claiming, tries - 1);
    }
    if (result.ok()) {
      ClaimAnswer answer{ClaimAnswer::kClaimed, row.entry, {}, row.claim};
      answer.entry.before = not_done;
      return FinishClaimed(claiming, std::move(answer));
    }
    if (is_sent) Abandon({{row.entry.id, row.entry.attempt}, row.claim});
    Refuse(claiming, absl::UnavailableError(result.status().message()));
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
        if (!row.ok()) return Refuse(claiming, row.status());
        claiming->result = ClaimAnswer{ClaimAnswer::kGuarded, row->entry};
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

void PostgresqlLedger::Refuse(const std::shared_ptr<Claiming>& claiming, const absl::Status& why) {
  claiming->result = why;
  Finish(claiming);
}

void PostgresqlLedger::Abandon(Abandoned abandoned) {
  abandoned_.push_back(std::move(abandoned));
  PutOffLeftovers();
}

void PostgresqlLedger::TakeBack(const Abandoned& abandoned) {
  ++active_;
  const auto change = std::make_shared<Change>();
  change->id = abandoned.holding.id;
  change->apply = [this, abandoned](Row& row, absl::Time now) {
    return ApplyTakeBack(options_.common, abandoned, now, row);
  };
  change->finished = [this, abandoned](const absl::StatusOr<Entry>& entry) {
    --active_;
    if (absl::IsUnavailable(entry.status())) Abandon(abandoned);
  };
  Make(change);
}

}  // namespace gateway::ledger
