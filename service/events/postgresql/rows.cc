#include "service/events/postgresql/rows.h"

#include <openssl/rand.h>

#include <algorithm>
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
using ledger::Value;

constexpr size_t kSecretBytes = 32;
// How many heads are kept in memory.
constexpr size_t kMostHeads = 20'000;
// How many events are read ahead: kReadAhead more with each further query of a transaction, up to
// kMostReadAhead. Their bodies have at most kReadAheadBytes.
constexpr size_t kReadAhead = 16;
constexpr size_t kMostReadAhead = 256;
constexpr size_t kReadAheadBytes = size_t{1} << 20;

absl::Status Torn() { return absl::DataLossError("a row is not what it should be"); }

absl::Status Gone(int64_t number) {
  return absl::DataLossError(absl::StrCat("event ", number, " is gone"));
}

// Numbers as the text of an SQL array, for NUMBERS in schema.cc.
std::string ArrayOf(const std::vector<int64_t>& numbers) {
  return absl::StrCat("{", absl::StrJoin(numbers, ","), "}");
}

}  // namespace

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
  int64_t seconds = 0;
  const absl::Status read =
      session_.Ask(Query::kFactsSince, {}, [&](const PostgresqlSession::Result& result) {
        return result.rows.size() == 1 && TakeNumber(result.rows[0][0], seconds) ? absl::OkStatus()
                                                                                 : Torn();
      });
  if (!read.ok()) return read;
  return absl::FromUnixSeconds(seconds);
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

absl::Status PostgresqlRows::TakeKeys(const PostgresqlSession::Result& result) {
  for (std::vector<Cell> cells : result.rows) {
    std::string key;
    KnownBody body;
    if (!TakeBytes(cells[0], key) || !TakeBytes(cells[1], body.body_key) ||
        !TakeNumber(cells[2], body.number)) {
      return Torn();
    }
    keys_[key].push_back(std::move(body));
  }
  return absl::OkStatus();
}

absl::Status PostgresqlRows::TakeTellers(const PostgresqlSession::Result& result) {
  for (std::vector<Cell> cells : result.rows) {
    std::string fact;
    Teller teller;
    Origin origin = Origin::kDelivery;
    if (!TakeBytes(cells[0], fact) || !TakeNumber(cells[1], teller.number) ||
        !TakeOrigin(cells[2], origin)) {
      return Torn();
    }
    teller.swept = origin == Origin::kSweep;
    tellers_.emplace(std::move(fact), teller);  // keeps the first event of a fact
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows::Teller> PostgresqlRows::FindTeller(const std::string& fact) {
  const auto found = tellers_.find(fact);
  return found == tellers_.end() ? Teller{} : found->second;
}

absl::StatusOr<Rows::Known> PostgresqlRows::Find(const Key& key) {
  const auto found = keys_.find(key.event);
  if (found == keys_.end()) return Known{};
  for (const KnownBody& body : found->second) {
    if (body.body_key == key.body) return Known{body.number};
  }
  return Known{0, true};
}

absl::StatusOr<int64_t> PostgresqlRows::Insert(const SealedEvent& event, absl::Time received) {
  Head head = event.event.head;
  head.number = ++newest_;
  head.received = received;
  inserted_ = true;
  const int slice = slices_.Add(head.number, received, keep_);
  std::vector<Value> values = {int64_t{slice}, head.number,     ToMicros(received), head.provider,
                               head.name,      head.id,         head.type,          head.store,
                               head.resource,  std::monostate()};
  if (event.event.signed_time) values.back() = ToMicros(*event.event.signed_time);
  values.insert(values.end(), {int64_t{event.event.keep_key}, event.key.event, event.key.body,
                               event.sealed_body, NumberOf(head.origin), std::monostate()});
  if (!event.fact.empty()) values.back() = event.fact;
  session_.Send(Query::kInsert, values);
  keys_[event.key.event].push_back({event.key.body, head.number});
  if (!event.fact.empty()) {
    tellers_.emplace(event.fact, Teller{head.number, head.origin == Origin::kSweep});
  }
  const int64_t number = head.number;
  heads_.emplace(number, std::move(head));
  return number;
}

absl::StatusOr<std::vector<Head>> PostgresqlRows::Heads(const std::vector<int64_t>& numbers) {
  std::map<int, std::vector<int64_t>> missing;  // by slice
  for (const int64_t number : numbers) {
    if (heads_.count(number) != 0) continue;
    const std::optional<int> slice = slices_.Of(number);
    if (!slice) return Gone(number);
    missing[*slice].push_back(number);
  }
  for (const auto& [slice, of] : missing) {
    session_.Send(Query::kHeads, {int64_t{slice}, ArrayOf(of)},
                  [this](const PostgresqlSession::Result& result) {
                    for (std::vector<Cell> cells : result.rows) {
                      Head head;
                      if (!TakeHead(cells, head)) return Torn();
                      heads_.insert_or_assign(head.number, std::move(head));
                    }
                    return absl::OkStatus();
                  });
  }
  if (!missing.empty()) {
    if (const absl::Status read = session_.Finish(); !read.ok()) return read;
  }
  std::vector<Head> heads;
  heads.reserve(numbers.size());
  for (const int64_t number : numbers) {
    const auto found = heads_.find(number);
    if (found == heads_.end()) return Gone(number);
    heads.push_back(found->second);
  }
  // Removes the newest heads: a subscription reads its oldest open events first.
  while (heads_.size() > kMostHeads) heads_.erase(std::prev(heads_.end()));
  return heads;
}

void PostgresqlRows::ForgetHeadsBefore(int64_t number) {
  heads_.erase(heads_.begin(), heads_.lower_bound(number));
}

absl::StatusOr<std::vector<Head>> PostgresqlRows::HeadsAfter(int64_t number, size_t limit) {
  std::vector<int64_t> numbers;
  const int64_t oldest = slices_.oldest();
  if (oldest == 0) return std::vector<Head>();
  const int64_t first = std::max(number + 1, oldest);
  for (int64_t next = first; next <= newest_ && numbers.size() < limit; ++next) {
    numbers.push_back(next);
  }
  return Heads(numbers);
}

absl::StatusOr<std::optional<std::pair<int64_t, absl::Time>>> PostgresqlRows::FirstFrom(
    int64_t number) {
  const absl::StatusOr<std::vector<Head>> heads = HeadsAfter(number - 1, 1);
  if (!heads.ok()) return heads.status();
  if (heads->empty()) return std::nullopt;
  return std::make_pair(heads->front().number, heads->front().received);
}

absl::StatusOr<std::vector<SealedEvent>> PostgresqlRows::Read(const std::vector<int64_t>& numbers,
                                                              size_t max_bytes) {
  std::vector<SealedEvent> events;
  size_t bytes = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    auto found = events_.find(numbers[i]);
    if (found == events_.end()) {
      const std::vector<int64_t> rest(numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                      numbers.end());
      const absl::Status read = Fetch(rest, max_bytes - std::min(bytes, max_bytes));
      if (!read.ok()) return read;
      found = events_.find(numbers[i]);
      if (found == events_.end()) return Gone(numbers[i]);
    }
    bytes += found->second.sealed_body.size();
    if (!events.empty() && bytes > max_bytes) break;
    events.push_back(std::move(found->second));
    events_.erase(found);
  }
  return events;
}

absl::Status PostgresqlRows::Fetch(const std::vector<int64_t>& numbers, size_t max_bytes) {
  const std::optional<int> slice = slices_.Of(numbers[0]);
  if (!slice) return Gone(numbers[0]);
  const int64_t last = slices_.at(*slice).last;
  std::vector<int64_t> wanted;
  for (const int64_t number : numbers) {
    if (number <= last) wanted.push_back(number);
  }
  // Several pulls of one transaction want consecutive events, so the next events are read too.
  const size_t ahead = std::min(fetches_ * kReadAhead, kMostReadAhead);
  if (fetches_++ > 0) max_bytes = std::max(max_bytes, kReadAheadBytes);
  const size_t most = wanted.size() + ahead;
  for (int64_t next = wanted.back() + 1; next <= last && wanted.size() < most; ++next) {
    wanted.push_back(next);
  }
  return session_.Ask(Query::kRead,
                      {int64_t{*slice}, ArrayOf(wanted), static_cast<int64_t>(max_bytes)},
                      [this](const PostgresqlSession::Result& result) {
                        for (std::vector<Cell> cells : result.rows) {
                          SealedEvent event;
                          if (!TakeEvent(cells, event)) return Torn();
                          const int64_t number = event.event.head.number;
                          events_.insert_or_assign(number, std::move(event));
                        }
                        return absl::OkStatus();
                      });
}

absl::StatusOr<int64_t> PostgresqlRows::RemoveBefore(absl::Time received) {
  int64_t last = 0;
  for (const int slice : slices_.Before(received)) {
    session_.Send(Query::kKeepKeys, {int64_t{slice}});
    session_.SendText(TruncateText(slice));
    last = slices_.Clear(slice);
  }
  if (last == 0) return last;
  session_.Send(Query::kForgetTries, {last});
  session_.Send(Query::kForgetDeadLetters, {last});
  ForgetHeadsBefore(last + 1);
  return last;
}

absl::StatusOr<uint64_t> PostgresqlRows::Bytes() {
  int64_t bytes = 0;
  const absl::Status read =
      session_.Ask(Query::kSize, {}, [&](const PostgresqlSession::Result& result) {
        return result.rows.size() == 1 && TakeNumber(result.rows[0][0], bytes) ? absl::OkStatus()
                                                                               : Torn();
      });
  if (!read.ok()) return read;
  return static_cast<uint64_t>(bytes);
}

absl::Status PostgresqlRows::End(bool durable) {
  if (inserted_) session_.Send(Query::kSetNewest, {newest_});
  for (const int slice : slices_.TakeChanges()) {
    const Slices::Slice& of = slices_.at(slice);
    session_.Send(Query::kSetSlice,
                  {int64_t{slice}, of.first, of.last, ToMicros(of.began), ToMicros(of.ended)});
  }
  for (const auto& [subscription, deliveries] : changed_) {
    const int64_t version = ++locked_.at(subscription).version;
    session_.Send(Query::kSetSubscription,
                  {subscription, static_cast<int64_t>(deliveries->era()),
                   static_cast<int64_t>(deliveries->next_lease()), version});
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
