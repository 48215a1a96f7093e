// Carries out each kind of operation of SqliteStore, within an open transaction.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/ledger/listing.h"
#include "service/ledger/random_bytes.h"
#include "service/ledger/sqlite/store.h"

namespace gateway::ledger {
absl::StatusOr<Row> SqliteStore::Get(SqliteEntries::MaybeRow found) const {
  if (!found.ok()) return found.status();
  if (!*found) return absl::NotFoundError("there is no such entry");
  return **std::move(found);
}

template <typename ApplyRule>
absl::StatusOr<Entry> SqliteStore::Change(const EntryId& id, ApplyRule apply) {
  absl::StatusOr<Row> row = Get(entries_.FindById(id));
  if (!row.ok()) return row.status();
  const State before = row->entry.state;
  const Changed changed = apply(*row);
  if (!changed.ok()) return changed.status();
  if (*changed) {
    if (const absl::Status written = entries_.Update(before, *row); !written.ok()) return written;
  }
  if (before == State::kIntent && row->entry.state != State::kIntent) {
    ended_.push_back(row->entry.id);
  }
  return std::move(row->entry);
}

void SqliteStore::Do(Claiming& claiming) { claiming.result = Claim(claiming.request); }

absl::StatusOr<ClaimAnswer> SqliteStore::Claim(const ClaimRequest& request) {
  if (const absl::Status good = Check(request); !good.ok()) return good;
  absl::StatusOr<EntryId> id = EntryId::Make(Now());
  const absl::StatusOr<int64_t> claim = RandomNumber();
  if (!id.ok() || !claim.ok()) return id.ok() ? claim.status() : id.status();
  Row fresh = NewRow(request, *std::move(id), *claim, Now());
  SqliteEntries::MaybeRow found = entries_.FindByScope(fresh.scope_digest);
  if (!found.ok()) return found.status();
  if (*found) {
    const ClaimAnswer::Kind kind = JudgeClaim(**found, request, Now());
    if (kind == ClaimAnswer::kDone) {
      absl::StatusOr<Entry> entry = OpenEntry(*options_.common.cipher, **found);
      if (!entry.ok()) return entry.status();
      return ClaimAnswer{kind, *std::move(entry)};
    }
    if (kind != ClaimAnswer::kClaimed) return ClaimAnswer{kind, (*found)->entry};
  }
  ClaimAnswer answer{ClaimAnswer::kClaimed, {}, {}, *claim};
  if (!request.guard.empty()) {
    SqliteEntries::MaybeRow holder = entries_.FindByGuard(request.scope, request.guard);
    if (!holder.ok()) return holder.status();
    const bool own = *holder && *found && (*holder)->entry.id == (*found)->entry.id;
    if (*holder && !own) return ClaimAnswer{ClaimAnswer::kGuarded, (*holder)->entry};
    absl::StatusOr<std::vector<Entry>> recent = RecentlyGuarded(request);
    if (!recent.ok()) return recent.status();
    answer.recent = *std::move(recent);
  }
  if (used_bytes_ >= options_.max_bytes) {
    return absl::UnavailableError(
        absl::StrCat("the ledger has reached its size of ", options_.max_bytes, " bytes"));
  }
  if (*found) return ClaimFound(request, **found, std::move(answer));
  answer.entry = fresh.entry;
  if (const absl::Status written = entries_.Insert(std::move(fresh)); !written.ok()) return written;
  return answer;
}

absl::StatusOr<ClaimAnswer> SqliteStore::ClaimFound(const ClaimRequest& request, Row& row,
                                                    ClaimAnswer answer) {
  const State before = row.entry.state;
  absl::StatusOr<Entry> last = OpenEntry(*options_.common.cipher, row);
  if (!last.ok()) return last.status();
  ClaimAgain(request, answer.claim, Now(), row);
  if (const absl::Status written = entries_.Update(before, row); !written.ok()) return written;
  answer.entry = row.entry;
  answer.entry.before = std::move(last->before);
  return answer;
}

absl::StatusOr<std::vector<Entry>> SqliteStore::RecentlyGuarded(const ClaimRequest& request) {
  if (request.settle <= absl::ZeroDuration()) return std::vector<Entry>();
  const SqliteEntries::Rows rows =
      entries_.RecentlyGuarded(request.scope, request.guard, Now() - request.settle);
  if (!rows.ok()) return rows.status();
  return RecentOf(options_.common, *rows);
}

void SqliteStore::Do(KeepingBefore& keeping) {
  const BeforeRequest& request = keeping.request;
  keeping.result = Change(request.holding.id, [&](Row& row) {
    return ApplyBefore(options_.common, request.holding, request.before, row);
  });
}

void SqliteStore::Do(Settling& settling) { settling.result = Settle(settling.request); }

absl::StatusOr<Entry> SqliteStore::Settle(SettleRequest& request) {
  return Change(request.holding.id, [&](Row& row) {
    // At once, and not when it is committed: a person has to look at it even if that never happens.
    if (!request.told && IsContradiction(request.holding, request.settlement, row)) {
      request.told = true;
      ++contradictions_;
      Tell("a write happened that was taken for one that did not", row.entry.id.text());
    }
    return ApplySettle(options_.common, request.holding, request.settlement, Now(), row);
  });
}

absl::Status SqliteStore::TakeBack(const Abandoned& abandoned) {
  const absl::Status status = Change(abandoned.holding.id, [&](Row& row) {
                                return ApplyTakeBack(options_.common, abandoned, Now(), row);
                              }).status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

void SqliteStore::Do(Finding& finding) { finding.result = Find(finding.request.id); }

absl::StatusOr<Entry> SqliteStore::Find(const EntryId& id) {
  const absl::StatusOr<Row> row = Get(entries_.FindById(id));
  return row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
}

void SqliteStore::Do(FindingKey& finding) {
  const absl::StatusOr<Row> row = Get(entries_.FindByScope(DigestOf(finding.request.scope)));
  finding.result = row.ok() ? OpenEntry(*options_.common.cipher, *row) : row.status();
}

void SqliteStore::Do(Listing& listing) { listing.result = List(listing.request); }

absl::StatusOr<ListPage> SqliteStore::List(const ListRequest& request) {
  const absl::StatusOr<ListPlan> plan = PlanOf(request);
  if (!plan.ok()) return plan.status();
  const SqliteEntries::Rows rows = entries_.List(request.state, plan->below, plan->looked_at);
  if (!rows.ok()) return rows.status();
  return PageOf(request, *plan, *rows, entries_.TakeUnreadable(), Now());
}

void SqliteStore::Do(Resolving& resolving) {
  const Resolution& request = resolving.request;
  if (const absl::Status good = Check(request); !good.ok()) {
    resolving.result = good;
    return;
  }
  resolving.result = Change(
      request.id, [&](Row& row) { return ApplyResolve(options_.common, request, Now(), row); });
}

void SqliteStore::Do(Waiting& waiting) { waiting.result = Find(waiting.request.id); }

void SqliteStore::Do(Taking& taking) { taking.result = Take(taking.request); }

absl::StatusOr<std::vector<Entry>> SqliteStore::Take(const TakeRequest& request) {
  const absl::Time now = Now();
  std::vector<Row> rows;
  if (request.id) {
    absl::StatusOr<Row> row = Get(entries_.FindById(*request.id));
    if (!row.ok()) return row.status();
    if (row->entry.state != State::kUnknown) {
      return absl::FailedPreconditionError(absl::StrCat("the entry is ", Name(row->entry.state)));
    }
    if (!IsLeased(*row, now)) rows.push_back(*std::move(row));
  } else {
    SqliteEntries::Rows due =
        entries_.Due(now, options_.common.max_pause,
                     static_cast<int64_t>(std::min<size_t>(request.limit, 1000)));
    if (!due.ok()) return due.status();
    rows = *std::move(due);
  }
  std::vector<Entry> taken;
  for (Row& row : rows) {
    Lease(options_.common, request, now, row);
    if (const absl::Status written = entries_.Update(State::kUnknown, row); !written.ok()) {
      return written;
    }
    absl::StatusOr<Entry> entry = OpenEntry(*options_.common.cipher, row);
    // Without its snapshot the outcome cannot be judged: the entry stays UNKNOWN.
    if (entry.ok())
      taken.push_back(*std::move(entry));
    else
      Tell("an unknown entry cannot be decrypted", row.entry.id.text());
  }
  if (!entries_.TakeUnreadable().empty()) Tell("an unknown entry cannot be read", "");
  return taken;
}

void SqliteStore::Do(Postponing& postponing) {
  const Postponement& request = postponing.request;
  postponing.result = Change(request.holding.id, [&](Row& row) {
    return ApplyPostpone(options_.common, request, Now(), row);
  });
}

void SqliteStore::Do(Tending& tending) { tending.result = Tend(); }

absl::StatusOr<int64_t> SqliteStore::Tend() {
  const absl::Time now = retention_.Read(Now());
  const auto limit = static_cast<int64_t>(options_.common.tend_batch);
  const absl::StatusOr<int64_t> stripped = entries_.Strip(now - options_.common.keep_reply, limit);
  if (!stripped.ok()) return stripped.status();
  const absl::StatusOr<int64_t> removed = entries_.Remove(now - options_.common.keep_entry, limit);
  if (!removed.ok()) return removed.status();
  if (file_bytes_ - used_bytes_ >= kSqlitePageBytes * 64) {
    const absl::Status vacuumed = database_.Execute("PRAGMA incremental_vacuum(64)");
    if (!vacuumed.ok()) return vacuumed;
    vacuumed_ = true;
  }
  return *stripped + *removed;
}

}  // namespace gateway::ledger
