#include "service/events/postgresql/rows.h"

#include <openssl/rand.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "service/events/cells.h"
#include "service/ledger/row.h"

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::FromMicros;
using ledger::ToMicros;

constexpr size_t kSecretBytes = 32;

absl::Status Torn() { return absl::DataLossError("a row is not what it should be"); }

}  // namespace

std::string PostgresqlRows::ArrayOf(const std::vector<int64_t>& numbers) {
  return absl::StrCat("{", absl::StrJoin(numbers, ","), "}");
}

absl::StatusOr<std::string> PostgresqlRows::AckSecret() {
  unsigned char random[kSecretBytes];
  if (RAND_bytes(random, sizeof(random)) != 1) {
    return absl::InternalError("the system has no random bytes");
  }
  session_.Send(Query::kPutSecret,
                {absl::string_view(reinterpret_cast<const char*>(random), sizeof(random))});
  std::string secret;
  const absl::Status read =
      session_.Ask(Query::kReadSecret, {}, [&](const PostgresqlSession::Result& result) {
        if (result.rows.size() != 1) return Torn();
        Cell cell = result.rows[0][0];
        return TakeBytes(cell, secret) && secret.size() == kSecretBytes ? absl::OkStatus() : Torn();
      });
  if (!read.ok()) return read;
  return secret;
}

absl::StatusOr<absl::Time> PostgresqlRows::FactsSince() {
  const absl::StatusOr<int64_t> seconds = AskNumber(Query::kFactsSince);
  if (!seconds.ok()) return seconds.status();
  return absl::FromUnixSeconds(*seconds);
}

absl::Status PostgresqlRows::Begin(const Locks& locks) {
  inserted_ = false;
  slices_ = {};
  locked_.clear();
  changed_.clear();
  keys_.clear();
  tellers_.clear();
  events_.clear();
  fetches_ = 0;
  session_.SendText("BEGIN");
  const auto take_locked = [this](const PostgresqlSession::Result& result) {
    return TakeLocked(result);
  };
  if (locks.everything) {
    session_.Send(Query::kLockAll, {}, take_locked);
  } else if (!locks.subscriptions.empty()) {
    session_.Send(Query::kLock, {ArrayOf(locks.subscriptions)}, take_locked);
  }
  if (locks.everything || locks.log) session_.Send(Query::kLockLog, {});
  // Each statement sees what was committed before the statement began. So the next two see what
  // other gateways have committed while this one waited for the locks.
  session_.Send(Query::kLook, {}, [this](const PostgresqlSession::Result& result) {
    int64_t micros = 0;
    if (result.rows.size() != 1 || !TakeNumber(result.rows[0][0], newest_) ||
        !TakeNumber(result.rows[0][1], micros)) {
      return Torn();
    }
    time_ = FromMicros(micros);
    return absl::OkStatus();
  });
  session_.Send(Query::kSlices, {},
                [this](const PostgresqlSession::Result& result) { return TakeSlices(result); });
  const absl::Status begun = session_.Finish();
  if (!begun.ok()) return begun;
  for (const int64_t subscription : locks.subscriptions) {
    if (!IsLocked(subscription)) return absl::DataLossError("a subscription is gone");
  }
  return absl::OkStatus();
}

absl::Status PostgresqlRows::TakeSlices(const PostgresqlSession::Result& result) {
  for (const std::vector<Cell>& cells : result.rows) {
    int64_t numbers[5] = {};
    for (size_t i = 0; i < std::size(numbers); ++i) {
      if (!TakeNumber(cells[i], numbers[i])) return Torn();
    }
    const Slices::Slice slice{numbers[1], numbers[2], FromMicros(numbers[3]),
                              FromMicros(numbers[4])};
    if (!slices_.Put(numbers[0], slice)) return Torn();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::map<int64_t, PostgresqlRows::Stored>> PostgresqlRows::Prepare(
    const std::vector<int64_t>& subscriptions, const std::vector<const SealedEvent*>& events) {
  std::map<int64_t, Stored> stored;
  for (const int64_t subscription : subscriptions) {
    const Locked& locked = locked_.at(subscription);
    stored[subscription].saved.era = locked.era;
    stored[subscription].next_lease = locked.next_lease;
  }
  if (!subscriptions.empty()) {
    session_.Send(
        Query::kState, {ArrayOf(subscriptions)},
        [&](const PostgresqlSession::Result& result) { return TakeState(result, stored); });
  }
  std::string keys;
  std::string facts;
  for (const SealedEvent* event : events) {
    absl::StrAppend(&keys, event->key.event);
    absl::StrAppend(&facts, event->fact);
  }
  if (!keys.empty()) {
    session_.Send(Query::kFindKeys, {keys},
                  [this](const PostgresqlSession::Result& result) { return TakeKeys(result); });
  }
  if (!facts.empty()) {
    session_.Send(Query::kFindTellers, {facts},
                  [this](const PostgresqlSession::Result& result) { return TakeTellers(result); });
  }
  const absl::Status read = session_.Finish();
  if (!read.ok()) return read;
  return stored;
}

absl::StatusOr<int64_t> PostgresqlRows::RemoveBefore(absl::Time received, absl::Time now) {
  const std::vector<int> slices = slices_.Before(received, now);
  if (slices.empty()) return 0;
  // A subscription that was added after all were locked may read until here. It then waits for the
  // lock of the log.
  const absl::StatusOr<int64_t> subscriptions = AskNumber(Query::kCountSubscriptions);
  if (!subscriptions.ok()) return subscriptions.status();
  if (static_cast<size_t>(*subscriptions) != locked_.size()) return 0;
  int64_t last = 0;
  for (const int slice : slices) {
    session_.Send(Query::kKeepKeys, {int64_t{slice}});
    session_.SendText(TruncateText(slice));
    last = slices_.Clear(slice);
  }
  for (const auto& [subscription, locked] : locked_) changed_.emplace(subscription, nullptr);
  ForgetHeadsBefore(last + 1);
  return last;
}

absl::Status PostgresqlRows::ForgetUntil(int64_t last) {
  session_.Send(Query::kForgetTries, {last});
  session_.Send(Query::kForgetDeadLetters, {last});
  return absl::OkStatus();
}

absl::StatusOr<int64_t> PostgresqlRows::AskNumber(Query query) {
  int64_t number = 0;
  const absl::Status read = session_.Ask(query, {}, [&](const PostgresqlSession::Result& result) {
    return result.rows.size() == 1 && TakeNumber(result.rows[0][0], number) ? absl::OkStatus()
                                                                            : Torn();
  });
  if (!read.ok()) return read;
  return number;
}

absl::StatusOr<uint64_t> PostgresqlRows::Bytes() {
  const absl::StatusOr<int64_t> bytes = AskNumber(Query::kSize);
  if (!bytes.ok()) return bytes.status();
  return static_cast<uint64_t>(*bytes);
}

absl::Status PostgresqlRows::End(bool durable) {
  if (inserted_) session_.Send(Query::kSetNewest, {newest_});
  for (const int slice : slices_.TakeChanges()) {
    const Slices::Slice& of = slices_.at(slice);
    session_.Send(Query::kSetSlice,
                  {int64_t{slice}, of.first, of.last, ToMicros(of.began), ToMicros(of.ended)});
  }
  for (const auto& [subscription, deliveries] : changed_) {
    Locked& locked = locked_.at(subscription);
    ++locked.version;
    if (deliveries != nullptr) locked.era = deliveries->era();
    if (deliveries != nullptr) locked.next_lease = deliveries->next_lease();
    session_.Send(Query::kSetSubscription,
                  {subscription, static_cast<int64_t>(locked.era),
                   static_cast<int64_t>(locked.next_lease), locked.version});
  }
  if (!durable) session_.SendText("SET LOCAL synchronous_commit TO off");
  // Waits before COMMIT: after an error, the server would roll back at COMMIT.
  if (const absl::Status done = session_.Finish(); !done.ok()) return done;
  session_.SendText("COMMIT");
  return session_.Finish();
}

absl::StatusOr<PostgresqlRows::Glance> PostgresqlRows::Look(
    const std::vector<int64_t>& subscriptions) {
  Glance glance;
  const absl::Status read = session_.Ask(Query::kPeek, {ArrayOf(subscriptions)},
                                         [&](const PostgresqlSession::Result& result) {
                                           for (const std::vector<Cell>& cells : result.rows) {
                                             int64_t numbers[4] = {};
                                             for (size_t i = 0; i < std::size(numbers); ++i) {
                                               if (!TakeNumber(cells[i], numbers[i])) return Torn();
                                             }
                                             glance.newest = numbers[0];
                                             glance.time = FromMicros(numbers[1]);
                                             glance.versions[numbers[2]] = numbers[3];
                                           }
                                           return absl::OkStatus();
                                         });
  if (!read.ok()) return read;
  if (glance.versions.size() != subscriptions.size()) {
    return absl::DataLossError("a subscription is gone");
  }
  return glance;
}

}  // namespace gateway::events
