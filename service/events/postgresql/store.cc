#include "service/events/postgresql/store.h"

#include <algorithm>
#include <utility>

#include "service/ledger/row.h"

namespace gateway::events {
namespace {

// Added to the server's statement timeout: the time for the round trip.
constexpr absl::Duration kMorePatience = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresqlStore>> PostgresqlStore::Open(
    const PostgresqlOptions& options, const ledger::PostgresqlParameters& parameters,
    ledger::RetentionClock& retention) {
  absl::StatusOr<std::unique_ptr<PostgresqlSession>> session =
      PostgresqlSession::Open(parameters, options.statement_timeout + kMorePatience);
  if (!session.ok()) return session.status();
  std::unique_ptr<PostgresqlStore> store(
      new PostgresqlStore(options, retention, *std::move(session)));
  if (const absl::Status loaded = store->Load(); !loaded.ok()) return loaded;
  return store;
}

PostgresqlStore::PostgresqlStore(const PostgresqlOptions& options,
                                 ledger::RetentionClock& retention,
                                 std::unique_ptr<PostgresqlSession> session)
    : options_(options),
      retention_(retention),
      session_(std::move(session)),
      rows_(*session_, options_.common.keep),
      operations_(options_.common, rows_) {
  for (Subscription subscription : options_.common.subscriptions) {
    // The database stores deadlines in whole microseconds.
    subscription.ack_deadline = absl::Trunc(subscription.ack_deadline, absl::Microseconds(1));
    const std::string name = subscription.name;
    configured_.emplace(name, std::move(subscription));
  }
}

absl::Status PostgresqlStore::Load() {
  absl::StatusOr<std::string> secret = rows_.AckSecret();
  if (!secret.ok()) return secret.status();
  ack_secret_ = *std::move(secret);
  const absl::StatusOr<absl::Time> since = rows_.FactsSince();
  if (!since.ok()) return since.status();
  facts_since_ = *since;
  std::vector<std::string> names;
  for (const auto& [name, subscription] : configured_) names.push_back(name);
  absl::StatusOr<std::map<std::string, int64_t>> ids = rows_.AddSubscriptions(names);
  if (!ids.ok()) return ids.status();
  for (const std::string& name : names) {
    if (ids->count(name) == 0) return absl::DataLossError("a subscription is gone");
    ids_[name] = ids->at(name);
  }
  std::vector<Operation> none;
  WaitingPulls nobody;
  Touched touched;
  touched.changed.insert(names.begin(), names.end());
  const absl::Status done = Transact(touched, none, nobody);
  if (done.ok()) (void)retention_.Read(rows_.time());
  return done;
}

PostgresqlStore::Touched PostgresqlStore::TouchedBy(const std::vector<Operation>& operations) {
  Touched touched;
  for (const Operation& operation : operations) {
    if (const auto* const appending = std::get_if<Appending>(&operation)) {
      touched.appended.push_back(&appending->request);
    } else if (const auto* const pulling = std::get_if<Pulling>(&operation)) {
      touched.pulled.insert(pulling->request.pull.subscription);
    } else if (const auto* const modifying = std::get_if<Modifying>(&operation)) {
      touched.changed.insert(modifying->request.subscription);
    } else if (const auto* const listing = std::get_if<ListingDeadLetters>(&operation)) {
      touched.changed.insert(listing->request.subscription);
    } else if (const auto* const redelivering = std::get_if<Redelivering>(&operation)) {
      touched.changed.insert(redelivering->request.subscription);
    } else if (const auto* const seeking = std::get_if<Seeking>(&operation)) {
      touched.changed.insert(seeking->request.subscription);
    }
  }
  return touched;
}

absl::Status PostgresqlStore::Commit(bool tend, std::vector<Operation>& operations,
                                     WaitingPulls& waiting) {
  Touched touched = TouchedBy(operations);
  touched.everything = tend;
  const bool looks = touched.only_pulls() || !touched.appended.empty() ||
                     (!waiting.empty() && SteadyTime::Now() >= next_look_);
  if (looks) {
    for (const auto& [name, pulls] : waiting) touched.pulled.insert(name);
    next_look_ = SteadyTime::Now() + options_.poll;
  }
  if (!touched.only_pulls()) return Transact(touched, operations, waiting);
  const absl::StatusOr<bool> news = HasNews(touched.pulled);
  if (!news.ok()) return news.status();
  if (*news) return Transact(touched, operations, waiting);
  for (Operation& operation : operations) operations_.Do(operation);
  return operations_.failure();
}

absl::StatusOr<bool> PostgresqlStore::HasNews(const std::set<std::string>& names) {
  const std::vector<int64_t> ids = IdsOf(names);
  if (ids.empty()) return false;
  const absl::StatusOr<PostgresqlRows::Glance> glance = rows_.Look(ids);
  if (!glance.ok()) return glance.status();
  operations_.Begin(TimeOf(glance->time), glance->newest);
  for (const auto& [name, subscribed] : operations_.subscriptions) {
    const auto version = glance->versions.find(subscribed.id);
    if (version == glance->versions.end()) continue;
    const Deliveries& deliveries = subscribed.deliveries;
    if (version->second != versions_.at(subscribed.id) || deliveries.MayHaveMore(glance->newest) ||
        deliveries.next_expiry() <= operations_.time().leases) {
      return true;
    }
  }
  return false;
}

std::vector<int64_t> PostgresqlStore::IdsOf(const std::set<std::string>& names) const {
  std::vector<int64_t> ids;
  for (const std::string& name : names) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) ids.push_back(found->second);
  }
  return ids;
}

absl::Status PostgresqlStore::Transact(const Touched& touched, std::vector<Operation>& operations,
                                       WaitingPulls& waiting) {
  Pass("begin");
  if (const absl::Status begun = Begin(touched); !begun.ok()) return begun;
  if (touched.everything) {
    const absl::Time now = retention_.Read(rows_.time());
    const absl::Status removed = operations_.Remove(now - options_.common.keep);
    if (!removed.ok()) return removed;
  }
  for (Operation& operation : operations) {
    operations_.Do(operation);
    if (!operations_.failure().ok()) return operations_.failure();
  }
  operations_.Serve(waiting, operations);
  if (!operations_.failure().ok()) return operations_.failure();
  const bool durable = operations_.must_store();
  if (const absl::Status stored = operations_.StoreChanges(); !stored.ok()) return stored;
  if (const absl::Status measured = Measure(touched.everything); !measured.ok()) return measured;
  Pass("before commit");
  if (const absl::Status ended = rows_.End(durable); !ended.ok()) return ended;
  operations_.Committed();
  Pass("after commit");
  ++commits_;
  for (const auto& [name, subscribed] : operations_.subscriptions) {
    if (subscribed.current) versions_[subscribed.id] = rows_.VersionOf(subscribed.id);
  }
  return absl::OkStatus();
}

absl::Status PostgresqlStore::Begin(const Touched& touched) {
  std::set<std::string> names = touched.changed;
  names.insert(touched.pulled.begin(), touched.pulled.end());
  const absl::Status locked = rows_.Begin({.subscriptions = IdsOf(names),
                                           .everything = touched.everything,
                                           .log = !touched.appended.empty()});
  if (!locked.ok()) return locked;
  operations_.Begin(TimeOf(rows_.time()), rows_.newest());
  std::vector<int64_t> stale;
  for (const auto& [name, id] : ids_) {
    const auto known = versions_.find(id);
    const bool is_locked = rows_.IsLocked(id);
    if (is_locked && (known == versions_.end() || known->second != rows_.VersionOf(id))) {
      stale.push_back(id);
    }
  }
  auto stored = rows_.Prepare(stale, touched.appended);
  if (!stored.ok()) return stored.status();
  for (const auto& [name, id] : ids_) {
    const auto found = stored->find(id);
    if (found != stored->end()) Replace(configured_.at(name), id, found->second);
  }
  return CatchUp(*stored);
}

absl::Status PostgresqlStore::CatchUp(const std::map<int64_t, PostgresqlRows::Stored>& stored) {
  const int64_t gone = rows_.LastGone();
  for (auto& [name, subscribed] : operations_.subscriptions) {
    subscribed.current = rows_.IsLocked(subscribed.id);
    if (!subscribed.current) continue;
    Deliveries& deliveries = subscribed.deliveries;
    // Comes first: an event that was removed must neither come back nor become a dead letter.
    if (deliveries.done().FirstMissing() <= gone) operations_.Drop(subscribed, gone);
    if (const auto found = stored.find(subscribed.id); found != stored.end()) {
      const absl::Status restored = deliveries.Restore(
          found->second.leases,
          [this](const std::vector<int64_t>& numbers) { return rows_.Heads(numbers); });
      if (!restored.ok()) return restored;
    }
    deliveries.Expire(operations_.time().leases);
  }
  return absl::OkStatus();
}

void PostgresqlStore::Replace(const Subscription& subscription, int64_t id,
                              PostgresqlRows::Stored& stored) {
  const auto old = operations_.subscriptions.find(subscription.name);
  const bool is_new = old == operations_.subscriptions.end();
  if (!is_new) stored.saved.counters = old->second.deliveries.counters();
  Subscribed subscribed{id, Deliveries(subscription, std::move(stored.saved), stored.next_lease)};
  if (!is_new) {
    subscribed.dead_letters_changed = old->second.dead_letters_changed;
    subscribed.dead_letters = old->second.dead_letters;
    subscribed.oldest = old->second.oldest;
    subscribed.oldest_received = old->second.oldest_received;
    operations_.subscriptions.erase(old);
  }
  operations_.subscriptions.emplace(subscription.name, std::move(subscribed));
}

// `everything`: also measures what other gateways may have changed.
absl::Status PostgresqlStore::Measure(bool everything) {
  bool dead_letters = everything;
  int64_t needed = operations_.newest() + 1;
  for (auto& [name, subscribed] : operations_.subscriptions) {
    dead_letters = dead_letters || subscribed.dead_letters_changed;
    needed = std::min(needed, subscribed.deliveries.done().FirstMissing());
    if (!everything) continue;
    if (const absl::Status aged = operations_.MeasureAge(subscribed); !aged.ok()) return aged;
  }
  rows_.ForgetHeadsBefore(needed);
  if (dead_letters) {
    const absl::StatusOr<std::map<int64_t, uint64_t>> counts = rows_.CountDeadLetters();
    if (!counts.ok()) return counts.status();
    for (auto& [name, subscribed] : operations_.subscriptions) {
      const auto count = counts->find(subscribed.id);
      subscribed.dead_letters = count == counts->end() ? 0 : count->second;
      subscribed.dead_letters_changed = false;
    }
  }
  if (!everything) return absl::OkStatus();
  const absl::StatusOr<uint64_t> bytes = rows_.Bytes();
  if (!bytes.ok()) return bytes.status();
  bytes_ = *bytes;
  return absl::OkStatus();
}

SteadyTime PostgresqlStore::NextLook(const WaitingPulls& waiting) const {
  if (waiting.empty()) return SteadyTime::InfiniteFuture();
  for (const auto& [name, pulls] : waiting) {
    const auto found = operations_.subscriptions.find(name);
    if (found != operations_.subscriptions.end() &&
        found->second.deliveries.MayHaveMore(operations_.newest())) {
      return SteadyTime::InfinitePast();
    }
  }
  return next_look_;
}

void PostgresqlStore::Describe(LogStats& stats) const {
  const TransactionTime& last = operations_.time();
  operations_.Describe(last.wall + (SteadyTime::Now() - last.local), stats);
  stats.commits += commits_;
  stats.bytes = bytes_;
}

TransactionTime PostgresqlStore::TimeOf(absl::Time time) const {
  return {time, SteadyTime::Epoch() + absl::Microseconds(ledger::ToMicros(time)),
          SteadyTime::Now()};
}

void PostgresqlStore::Pass(absl::string_view point) const {
  if (options_.common.at_point) options_.common.at_point(point);
}

}  // namespace gateway::events
