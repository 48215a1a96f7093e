// What PostgresqlRows does with the rows of events.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/events/cells.h"
#include "service/events/postgresql/rows.h"
#include "service/ledger/row.h"

namespace gateway::events {
namespace {

using ledger::Cell;
using ledger::ToMicros;
using ledger::Value;

// How many events are read ahead: kReadAhead more with each further query of a transaction, up to
// kMostReadAhead. Their bodies have at most kReadAheadBytes.
constexpr size_t kReadAhead = 16;
constexpr size_t kMostReadAhead = 256;
constexpr size_t kReadAheadBytes = size_t{1} << 20;

absl::Status TornEvent() { return absl::DataLossError("an event is not what it should be"); }

absl::Status Gone(int64_t number) {
  return absl::DataLossError(absl::StrCat("event ", number, " is gone"));
}

}  // namespace

absl::Status PostgresqlRows::TakeKeys(const PostgresqlSession::Result& result) {
  for (std::vector<Cell> cells : result.rows) {
    std::string key;
    KnownBody body;
    if (!TakeBytes(cells[0], key) || !TakeBytes(cells[1], body.body_key) ||
        !TakeNumber(cells[2], body.number)) {
      return TornEvent();
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
      return TornEvent();
    }
    teller.swept = origin == Origin::kSweep;
    tellers_.emplace(std::move(fact), teller);  // the first stays
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
  TrimHeads();
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
                      if (!TakeHead(cells, head)) return TornEvent();
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
  TrimHeads();
  return heads;
}

// Removes the newest heads: a subscription reads its oldest open events first.
void PostgresqlRows::TrimHeads() {
  while (heads_.size() > kMostHeads) heads_.erase(std::prev(heads_.end()));
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
                          if (!TakeEvent(cells, event)) return TornEvent();
                          const int64_t number = event.event.head.number;
                          events_.insert_or_assign(number, std::move(event));
                        }
                        return absl::OkStatus();
                      });
}

}  // namespace gateway::events
