// What PostgresqlLedger does for each kind of operation: one statement behind the other, on the I/O
// thread.
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/listing.h"
#include "service/ledger/postgresql_ledger.h"

namespace gateway::ledger {
namespace {

// Others may change a row between our read and our write, so often.
constexpr int kMostTries = 20;

constexpr char kOverdue[] = "its gateway did not say what became of it";

absl::Status TooManyTries() {
  return absl::UnavailableError("the entry changes faster than it can be read");
}

absl::Status Cancelled() { return absl::CancelledError("was cancelled"); }

int64_t Micros(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }

// The row of a statement that ends with the database's time.
absl::StatusOr<Row> RowWithTime(std::vector<Cell> cells, absl::Time& now) {
  if (cells.empty() || !std::holds_alternative<int64_t>(cells.back())) {
    return absl::DataLossError("a stored entry came without a time");
  }
  now = FromMicros(std::get<int64_t>(cells.back()));
  cells.pop_back();
  return RowFromCells(cells);
}

}  // namespace

template <typename T>
void PostgresqlLedger::Finish(const std::shared_ptr<T>& asked) {
  --active_;
  answered_.emplace_back(std::move(*asked));
}

// NOT_FOUND if there is none.
void PostgresqlLedger::ReadOne(Query query, const std::vector<Cell>& values,
                               absl::AnyInvocable<void(absl::StatusOr<Row>, absl::Time)> done) {
  Send(query, values, [done = std::move(done)](const Result& result) mutable {
    absl::Time now;
    if (!result.ok()) return done(absl::UnavailableError(result.status().message()), now);
    if (result->rows.empty()) return done(absl::NotFoundError("there is no such entry"), now);
    absl::StatusOr<Row> row = RowWithTime(result->rows[0], now);
    done(std::move(row), now);
  });
}

void PostgresqlLedger::Update(Row& row, PostgresqlConnection::Callback callback) {
  std::vector<Cell> cells;
  const int64_t read = row.version++;
  cells = CellsOf(row);
  cells.erase(cells.begin(), cells.begin() + kFixedColumns);
  cells.emplace_back(row.number);
  cells.emplace_back(read);
  Send(Query::kUpdate, cells, [this, callback = std::move(callback)](const Result& result) mutable {
    numbers_.commits += result.ok() ? 1 : 0;
    numbers_.operations_committed += result.ok() ? 1 : 0;
    numbers_.failed_commits += result.ok() ? 0 : 1;
    callback(result);
  });
}

void PostgresqlLedger::Begin(std::shared_ptr<Claiming> claiming) {
  if (const absl::Status good = Check(claiming->request); !good.ok()) {
    claiming->result = good;
    return Finish(claiming);
  }
  Insert(std::move(claiming), kMostTries);
}

void PostgresqlLedger::Insert(std::shared_ptr<Claiming> claiming, int tries) {
  absl::StatusOr<EntryId> id = EntryId::Make(absl::Now());
  if (!id.ok() || tries == 0) {
    claiming->result = id.ok() ? TooManyTries() : id.status();
    return Finish(claiming);
  }
  // Counted from the moment at which the database works on it.
  const Row row = NewRow(claiming->request, *std::move(id), epoch_, absl::UnixEpoch());
  const bool reachable = Pick() != nullptr;
  Send(Query::kInsert, CellsOf(row), [=, this](const Result& result) {
    if (absl::IsAborted(result.status())) return Insert(claiming, tries - 1);
    if (!result.ok()) {
      // It may be there all the same.
      if (reachable) Abandon(row);
      claiming->result = absl::UnavailableError(result.status().message());
      return Finish(claiming);
    }
    if (result->rows.empty()) return LookUp(claiming, tries);
    ++numbers_.commits;
    ++numbers_.operations_committed;
    absl::StatusOr<Row> made = RowFromCells(result->rows[0]);
    if (made.ok())
      claiming->result = ClaimAnswer{ClaimAnswer::kClaimed, made->entry};
    else
      claiming->result = made.status();
    Finish(claiming);
  });
}

void PostgresqlLedger::LookUp(std::shared_ptr<Claiming> claiming, int tries) {
  if (tries == 0) {
    claiming->result = TooManyTries();
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
  ClaimAgain(claiming->request, epoch_, now, row);
  Update(row, [=, this](const Result& result) {
    if (absl::IsAlreadyExists(result.status())) return LookAtGuard(claiming, tries);
    if (absl::IsAborted(result.status()) || (result.ok() && result->changed == 0)) {
      return LookUp(claiming, tries - 1);
    }
    if (result.ok()) {
      claiming->result = ClaimAnswer{ClaimAnswer::kClaimed, row.entry};
    } else {
      Abandon(row);
      claiming->result = absl::UnavailableError(result.status().message());
    }
    Finish(claiming);
  });
}

// Who kept the claim out, if it was not another claim of the key.
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
  BecomeUnknown(kOverdue, now, ended);
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

void PostgresqlLedger::Make(std::shared_ptr<Change> change) {
  if (change->tries++ == kMostTries) return change->finished(TooManyTries());
  ReadOne(Query::kById, {change->id.bytes()}, [=, this](absl::StatusOr<Row> row, absl::Time now) {
    if (!row.ok()) return change->finished(row.status());
    const State before = row->entry.state;
    const Changed changed = change->apply(*row, now);
    if (!changed.ok()) return change->finished(changed.status());
    if (!*changed) return change->finished(OpenEntry(*options_.common.cipher, *row));
    Write(change, before, *std::move(row));
  });
}

void PostgresqlLedger::Write(std::shared_ptr<Change> change, State before, Row row) {
  Update(row, [=, this](const Result& result) {
    if (absl::IsAborted(result.status()) || (result.ok() && result->changed == 0)) {
      return Make(change);
    }
    if (!result.ok()) {
      return change->finished(absl::UnavailableError(result.status().message()));
    }
    absl::StatusOr<Entry> entry = OpenEntry(*options_.common.cipher, row);
    // The change counts, though a snapshot of before cannot be read: Find says so.
    if (!entry.ok()) entry = row.entry;
    if (before == State::kIntent && row.entry.state != State::kIntent) {
      std::vector<Operation> heard = waiters_.TakeFor(row.entry.id, entry);
      std::move(heard.begin(), heard.end(), std::back_inserter(answered_));
    }
    change->finished(std::move(entry));
  });
}

void PostgresqlLedger::Begin(std::shared_ptr<KeepingBefore> keeping) {
  const auto change = std::make_shared<Change>();
  change->id = keeping->request.holding.id;
  change->apply = [=, this](Row& row, absl::Time) {
    return ApplyBefore(options_.common, keeping->request.holding, keeping->request.before, row);
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    keeping->result = std::move(entry);
    Finish(keeping);
  };
  Make(change);
}

void PostgresqlLedger::Begin(std::shared_ptr<Settling> settling) {
  const auto change = std::make_shared<Change>();
  change->id = settling->request.holding.id;
  change->apply = [=, this](Row& row, absl::Time now) {
    const SettleRequest& request = settling->request;
    if (IsContradiction(request.holding, request.settlement, row)) {
      ++numbers_.contradictions;
      Tell("a write happened that was taken for one that did not", row.entry.id.text());
    }
    return ApplySettle(options_.common, request.holding, request.settlement, now, row);
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    if (absl::IsUnavailable(entry.status())) unwritten_.push_back(settling->request);
    settling->result = std::move(entry);
    Finish(settling);
  };
  Make(change);
}

void PostgresqlLedger::Begin(std::shared_ptr<Finding> finding) {
  ReadOne(Query::kById, {finding->request.id.bytes()},
          [=, this](const absl::StatusOr<Row>& row, absl::Time) {
            finding->result = row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
            Finish(finding);
          });
}

void PostgresqlLedger::Begin(std::shared_ptr<FindingKey> finding) {
  ReadOne(Query::kByScope, {DigestOf(finding->request.scope)},
          [=, this](const absl::StatusOr<Row>& row, absl::Time) {
            finding->result = row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
            Finish(finding);
          });
}

void PostgresqlLedger::Begin(std::shared_ptr<Listing> listing) {
  const absl::StatusOr<ListPlan> plan = PlanOf(listing->request);
  if (!plan.ok()) {
    listing->result = plan.status();
    return Finish(listing);
  }
  const std::optional<State> state = listing->request.state;
  const bool open = state == State::kIntent || state == State::kUnknown;
  std::vector<Cell> values = {plan->below, plan->looked_at};
  if (open) values.emplace_back(static_cast<int64_t>(*state));
  Send(open ? Query::kListOpen : Query::kList, values, [=, this](const Result& result) {
    if (!result.ok()) {
      listing->result = result.status();
      return Finish(listing);
    }
    std::vector<Row> rows;
    absl::Time now;
    size_t unreadable = 0;
    for (const std::vector<Cell>& cells : result->rows) {
      absl::StatusOr<Row> row = RowWithTime(cells, now);
      if (row.ok())
        rows.push_back(*std::move(row));
      else
        ++unreadable;
    }
    listing->result = PageOf(listing->request, *plan, rows, unreadable, now);
    Finish(listing);
  });
}

void PostgresqlLedger::Begin(std::shared_ptr<Resolving> resolving) {
  if (const absl::Status good = Check(resolving->request); !good.ok()) {
    resolving->result = good;
    return Finish(resolving);
  }
  const auto change = std::make_shared<Change>();
  change->id = resolving->request.id;
  change->apply = [=, this](Row& row, absl::Time now) {
    return ApplyResolve(options_.common, resolving->request, now, row);
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    resolving->result = std::move(entry);
    Finish(resolving);
  };
  Make(change);
}

void PostgresqlLedger::Begin(std::shared_ptr<Waiting> waiting) {
  beginning_waits_.insert(waiting->request.wait);
  ReadOne(Query::kById, {waiting->request.id.bytes()},
          [=, this](const absl::StatusOr<Row>& row, absl::Time) {
            const bool cancelled = beginning_waits_.erase(waiting->request.wait) == 0;
            if (row.ok() && row->entry.state == State::kIntent && !cancelled) {
              --active_;
              return waiters_.Add(std::move(*waiting));
            }
            waiting->result = row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
            if (cancelled) waiting->result = Cancelled();
            Finish(waiting);
          });
}

void PostgresqlLedger::Begin(std::shared_ptr<CancellingWait> cancelling) {
  const WaitId wait = cancelling->request.wait;
  std::vector<Operation> ended = waiters_.Take(wait, Cancelled());
  std::move(ended.begin(), ended.end(), std::back_inserter(answered_));
  // Its read may still be on its way.
  beginning_waits_.erase(wait);
  --active_;
}

void PostgresqlLedger::Begin(std::shared_ptr<Taking> taking) {
  const TakeRequest& request = taking->request;
  if (!request.id) {
    const absl::Duration lease = std::clamp(request.lease, absl::Seconds(1), kMaxLease);
    Send(Query::kDue,
         {Micros(lease), Micros(options_.common.first_pause),
          static_cast<int64_t>(std::min<size_t>(request.limit, 1000))},
         [=, this](const Result& result) {
           std::vector<Entry> taken;
           if (result.ok()) {
             for (const std::vector<Cell>& cells : result->rows) {
               const absl::StatusOr<Row> row = RowFromCells(cells);
               absl::StatusOr<Entry> entry =
                   row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
               // Without its snapshot nobody can judge it: it stays UNKNOWN.
               if (entry.ok())
                 taken.push_back(*std::move(entry));
               else
                 Tell("an unknown entry cannot be read", entry.status().message());
             }
             taking->result = std::move(taken);
           } else {
             taking->result = absl::UnavailableError(result.status().message());
           }
           Finish(taking);
         });
    return;
  }
  const auto leased = std::make_shared<bool>(false);
  const auto change = std::make_shared<Change>();
  change->id = *request.id;
  change->apply = [=, this](Row& row, absl::Time now) -> Changed {
    if (row.entry.state != State::kUnknown) {
      return absl::FailedPreconditionError(absl::StrCat("the entry is ", Name(row.entry.state)));
    }
    *leased = IsLeased(row, now);
    if (!*leased) Lease(options_.common, taking->request.lease, now, row);
    return !*leased;
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    std::vector<Entry> taken;
    if (entry.ok() && !*leased) taken.push_back(*std::move(entry));
    if (entry.ok())
      taking->result = std::move(taken);
    else
      taking->result = entry.status();
    Finish(taking);
  };
  Make(change);
}

void PostgresqlLedger::Begin(std::shared_ptr<Postponing> postponing) {
  const auto change = std::make_shared<Change>();
  change->id = postponing->request.holding.id;
  change->apply = [=, this](Row& row, absl::Time now) {
    return ApplyPostpone(options_.common, postponing->request, now, row);
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    postponing->result = std::move(entry);
    Finish(postponing);
  };
  Make(change);
}

void PostgresqlLedger::Begin(std::shared_ptr<Tending> tending) {
  TendNext(std::move(tending), 0, 0);
}

void PostgresqlLedger::TendNext(std::shared_ptr<Tending> tending, int step, int64_t touched) {
  const auto limit = static_cast<int64_t>(options_.common.tend_batch);
  const Options& common = options_.common;
  const std::pair<Query, std::vector<Cell>> steps[] = {
      {Query::kEndOverdue, {Micros(options_.grace), limit, std::string(kOverdue)}},
      {Query::kStrip, {Micros(common.keep_reply), limit}},
      {Query::kRemove, {Micros(common.keep_entry), limit}},
  };
  if (step == static_cast<int>(std::size(steps))) {
    tending->result = touched;
    return Finish(tending);
  }
  Send(steps[step].first, steps[step].second, [=, this](const Result& result) {
    if (result.ok()) return TendNext(tending, step + 1, touched + result->changed);
    tending->result = absl::UnavailableError(result.status().message());
    Finish(tending);
  });
}

}  // namespace gateway::ledger
