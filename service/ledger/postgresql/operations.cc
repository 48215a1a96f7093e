// Carries out each kind of operation of PostgresqlLedger: one statement after another, on the I/O
// thread.
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/listing.h"
#include "service/ledger/postgresql/ledger.h"

namespace gateway::ledger {
namespace {

absl::Status Cancelled() { return absl::CancelledError("was cancelled"); }

int64_t Micros(absl::Duration duration) { return absl::ToInt64Microseconds(duration); }

// Reads a row whose last cell is the database's time.
absl::StatusOr<Row> RowWithTime(std::vector<Cell> cells, absl::Time& now) {
  if (cells.empty() || !std::holds_alternative<int64_t>(cells.back())) {
    return absl::DataLossError("a stored entry came without a time");
  }
  now = FromMicros(std::get<int64_t>(cells.back()));
  cells.pop_back();
  return RowFromCells(cells);
}

}  // namespace

// Reads one row. `done` gets NOT_FOUND if there is none.
void PostgresqlLedger::ReadOne(Query query, absl::Span<const Value> values,
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
  const int64_t read = row.version++;
  std::vector<Value> values = ValuesOf(row);
  values.erase(values.begin(), values.begin() + kFixedColumns);
  values.emplace_back(row.number);
  values.emplace_back(read);
  Send(Query::kUpdate, values,
       [this, callback = std::move(callback)](const Result& result) mutable {
         numbers_.commits += result.ok() ? 1 : 0;
         numbers_.operations_committed += result.ok() ? 1 : 0;
         numbers_.failed_commits += result.ok() ? 0 : 1;
         if (result.ok()) leftovers_pause_ = options_.first_retry;
         callback(result);
       });
}

void PostgresqlLedger::Make(std::shared_ptr<Change> change) {
  if (change->tries++ == kPostgresqlTries) return change->finished(TooManyPostgresqlTries());
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
    // The change is written even if the entry cannot be decrypted. Find reports that error.
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
    SettleRequest& request = settling->request;
    TellContradiction(request, row);
    return ApplySettle(options_.common, request.holding, request.settlement, now, row);
  };
  change->finished = [=, this](absl::StatusOr<Entry> entry) {
    if (absl::IsUnavailable(entry.status())) {
      unwritten_.push_back(settling->request);
      PutOffLeftovers();
    }
    settling->result = std::move(entry);
    Finish(settling);
  };
  Make(change);
}

// At once, and not when it is written: a person has to look at it even if that never succeeds.
void PostgresqlLedger::TellContradiction(SettleRequest& request, const Row& row) {
  if (request.told || !IsContradiction(request.holding, request.settlement, row)) return;
  request.told = true;
  ++numbers_.contradictions;
  Tell("a write happened that was taken for one that did not", row.entry.id.text());
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
  std::vector<Value> values = {plan->below, plan->looked_at};
  if (open) values.emplace_back(static_cast<int64_t>(*state));
  Send(open ? Query::kListOpen : Query::kList, values, [=, this](const Result& result) {
    if (!result.ok()) {
      listing->result = result.status();
      return Finish(listing);
    }
    std::vector<Row> rows;
    absl::Time now;
    std::vector<int64_t> unreadable;
    for (const std::vector<Cell>& cells : result->rows) {
      absl::StatusOr<Row> row = RowWithTime(cells, now);
      if (row.ok())
        rows.push_back(*std::move(row));
      else
        unreadable.push_back(NumberIn(cells));
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
  // The entry of the wait may still be being read.
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
               // Without its snapshot the outcome cannot be judged: the entry stays UNKNOWN.
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
    if (!*leased) Lease(options_.common, taking->request, now, row);
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
  const std::pair<Query, std::vector<Value>> steps[] = {
      {Query::kEndOverdue, {Micros(options_.grace), limit, absl::string_view(kPostgresqlOverdue)}},
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
