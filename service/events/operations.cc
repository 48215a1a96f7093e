#include "service/events/operations.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

// The fewest dead letters that are read at a time: those that the filter hides are skipped.
constexpr size_t kLeastPage = 200;

absl::Status NoSubscription() { return absl::NotFoundError("there is no such subscription"); }

// Whether the error is about the database, and not about what was asked.
bool IsOfDatabase(const absl::Status& status) {
  return !status.ok() && !absl::IsNotFound(status) && !absl::IsInvalidArgument(status);
}

}  // namespace

void Operations::Begin(const TransactionTime& time, int64_t newest) {
  time_ = time;
  newest_ = newest;
  removed_ = 0;
  must_store_ = false;
  failure_ = absl::OkStatus();
  counting_ = LogStats();
}

void Operations::Committed() {
  counted_.events += counting_.events;
  counted_.duplicates += counting_.duplicates;
  counted_.conflicts += counting_.conflicts;
  counting_ = LogStats();
}

void Operations::Do(Operation& operation) {
  Tick();
  std::visit([this](auto& asked) { Do(asked); }, operation);
}

bool Operations::must_store() const {
  return must_store_ || std::any_of(subscriptions.begin(), subscriptions.end(),
                                    [](const auto& of) { return of.second.deliveries.urgent(); });
}

absl::Status Operations::StoreChanges() {
  for (auto& [name, subscribed] : subscriptions) {
    if (!subscribed.current) continue;
    if (subscribed.deliveries.changes_dead_letters()) subscribed.dead_letters_changed = true;
    const absl::Status stored = rows_.Store(subscribed.id, subscribed.deliveries, time_.wall);
    if (!stored.ok()) return stored;
  }
  // Comes last: an event that was removed may have become a dead letter in this transaction.
  return removed_ == 0 ? absl::OkStatus() : rows_.ForgetUntil(removed_);
}

Subscribed* Operations::Find(const std::string& name) {
  const auto found = subscriptions.find(name);
  return found == subscriptions.end() ? nullptr : &found->second;
}

void Operations::Do(Appending& appending) {
  if (absl::Status room = rows_.Room(); !room.ok()) {
    const absl::StatusOr<Rows::Known> known = rows_.Find(appending.request.key);
    if (!known.ok() || known->number == 0) {
      if (!known.ok()) failure_ = known.status();
      appending.result = std::move(room);
      return;
    }
  }
  appending.result = Append(appending.request);
  if (!appending.result.ok()) failure_ = appending.result.status();
}

absl::StatusOr<Appended> Operations::Append(const SealedEvent& event) {
  const absl::StatusOr<Rows::Known> known = rows_.Find(event.key);
  if (!known.ok()) return known.status();
  if (known->number != 0) {
    ++counting_.duplicates;
    return Appended{Appended::kDuplicate, known->number};
  }
  const absl::StatusOr<int64_t> told = FindTold(event);
  if (!told.ok()) return told.status();
  if (*told != 0) {
    ++counting_.duplicates;
    return Appended{Appended::kDuplicate, *told};
  }
  const absl::StatusOr<int64_t> number = rows_.Insert(event, time_.wall);
  if (!number.ok()) return number.status();
  newest_ = *number;
  must_store_ = true;
  ++counting_.events;
  if (!known->other_body) return Appended{Appended::kNew, *number};
  ++counting_.conflicts;
  Tell("two events of one id have different bodies",
       absl::StrCat(event.event.head.provider, " ", *number));
  return Appended{Appended::kConflict, *number};
}

absl::StatusOr<int64_t> Operations::FindTold(const SealedEvent& event) {
  if (event.fact.empty()) return 0;
  const absl::StatusOr<Rows::Teller> teller = rows_.FindTeller(event.fact);
  if (!teller.ok()) return teller.status();
  // The new event repeats the known one only if a sweep found one of the two. If the provider
  // delivered both, both are kept.
  const bool swept = event.event.head.origin == Origin::kSweep || teller->swept;
  return swept ? teller->number : 0;
}

void Operations::Do(Pulling& pulling) {
  pulling.result = HandOut(pulling.request.pull);
  if (IsOfDatabase(pulling.result.status())) failure_ = pulling.result.status();
}

absl::StatusOr<std::vector<Received>> Operations::HandOut(const PullRequest& request) {
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  Deliveries& deliveries = subscribed->deliveries;
  const auto handed_out = deliveries.HandOut(
      request.max_events, time_.leases, newest_,
      [this](int64_t after, size_t limit) { return rows_.HeadsAfter(after, limit); });
  if (!handed_out.ok()) return handed_out.status();
  if (handed_out->empty()) return std::vector<Received>();
  std::vector<int64_t> numbers;
  for (const Deliveries::HandedOut& out : *handed_out) numbers.push_back(out.id.number);
  absl::StatusOr<std::vector<SealedEvent>> events = rows_.Read(numbers, request.max_bytes);
  if (!events.ok()) return events.status();
  std::vector<Received> received;
  for (size_t i = 0; i < handed_out->size(); ++i) {
    const Deliveries::HandedOut& out = (*handed_out)[i];
    if (i < events->size()) {
      received.push_back({std::move((*events)[i]), out.id, out.attempt});
    } else {
      deliveries.TakeBack(out.id);
    }
  }
  return received;
}

void Operations::Serve(WaitingPulls& waiting, std::vector<Operation>& operations) {
  for (auto& [name, pulls] : waiting) {
    const Subscribed* const subscribed = Find(name);
    while (!pulls.empty() && failure_.ok() && subscribed != nullptr && subscribed->current &&
           subscribed->deliveries.MayHaveMore(newest_)) {
      Tick();
      Do(pulls.front());
      if (!failure_.ok() || (pulls.front().result.ok() && pulls.front().result->empty())) break;
      operations.emplace_back(std::move(pulls.front()));
      pulls.pop_front();
    }
  }
}

void Operations::Do(Modifying& modifying) {
  const ModifyRequest& request = modifying.request;
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) {
    modifying.result = NoSubscription();
    return;
  }
  Effects effects;
  for (const AckId& id : request.ack_ids) {
    effects.push_back(Modify(request, id, subscribed->deliveries));
  }
  modifying.result = std::move(effects);
}

bool Operations::Modify(const ModifyRequest& request, const AckId& id, Deliveries& deliveries) {
  switch (request.what) {
    case ModifyRequest::kAcknowledge:
      must_store_ = true;
      // An ack id for a number that no event has yet must not mark the future event as done.
      return id.number <= newest_ && deliveries.Acknowledge(id);
    case ModifyRequest::kExtend:
      return deliveries.Extend(id, time_.LeaseTime(request.deadline));
    case ModifyRequest::kGiveBack:
      must_store_ = true;
      return deliveries.GiveBack(id);
    case ModifyRequest::kTakeBack:
      return deliveries.TakeBack(id);
    case ModifyRequest::kPostpone:
    case ModifyRequest::kDoubt:
      must_store_ = true;
      return deliveries.Postpone(id, request.what == ModifyRequest::kDoubt);
  }
  return false;
}

void Operations::Do(ListingDeadLetters& listing) {
  listing.result = List(listing.request);
  if (IsOfDatabase(listing.result.status())) failure_ = listing.result.status();
}

// Dead letters may be older than the subscription's present filter. Those that do not match the
// filter are not shown, because whoever may read this subscription may not see them. They stay
// stored, in case a later filter matches them again.
absl::StatusOr<std::vector<DeadLetter>> Operations::List(const DeadLettersRequest& request) {
  const Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  const Filter& filter = subscribed->deliveries.subscription().filter;
  std::vector<DeadLetter> letters;
  int64_t after = request.after;
  while (letters.size() < request.limit) {
    auto page = rows_.DeadLetters(subscribed->id, after, std::max(request.limit, kLeastPage));
    if (!page.ok()) return page.status();
    if (page->empty()) break;
    after = page->back().head.number;
    for (DeadLetter& letter : *page) {
      if (letters.size() == request.limit) break;
      if (filter.Matches(letter.head)) letters.push_back(std::move(letter));
    }
  }
  return letters;
}

void Operations::Do(Redelivering& redelivering) {
  redelivering.result = Redeliver(redelivering.request);
  if (IsOfDatabase(redelivering.result.status())) failure_ = redelivering.result.status();
}

absl::StatusOr<Effects> Operations::Redeliver(const RedeliverRequest& request) {
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  Effects effects;
  for (const int64_t number : request.numbers) {
    const absl::StatusOr<bool> redelivered = RedeliverOne(*subscribed, number);
    if (!redelivered.ok()) return redelivered.status();
    effects.push_back(*redelivered);
  }
  return effects;
}

absl::StatusOr<bool> Operations::RedeliverOne(Subscribed& subscribed, int64_t number) {
  if (number < 1) return false;
  const auto heads = rows_.HeadsAfter(number - 1, 1);
  if (!heads.ok()) return heads.status();
  const bool is_there = !heads->empty() && heads->front().number == number;
  const Filter& filter = subscribed.deliveries.subscription().filter;
  if (is_there && !filter.Matches(heads->front())) return false;
  const absl::StatusOr<bool> was_dead = rows_.RemoveDeadLetter(subscribed.id, number);
  if (!was_dead.ok() || !*was_dead) return was_dead;
  subscribed.dead_letters_changed = true;
  must_store_ = true;
  if (is_there) subscribed.deliveries.Redeliver(heads->front());
  return is_there;
}

void Operations::Do(Seeking& seeking) {
  seeking.result = Seek(seeking.request);
  if (IsOfDatabase(seeking.result.status())) failure_ = seeking.result.status();
}

absl::StatusOr<int64_t> Operations::Seek(const SeekRequest& request) {
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  const absl::StatusOr<int64_t> oldest = rows_.Oldest();
  if (!oldest.ok()) return oldest.status();
  const int64_t least = *oldest == 0 ? newest_ + 1 : *oldest;
  int64_t number = 0;
  if (const auto* const asked = std::get_if<int64_t>(&request.target)) {
    number = *asked;
  } else {
    const auto first = FirstReceivedFrom(std::get<absl::Time>(request.target));
    if (!first.ok()) return first.status();
    number = *first;
  }
  number = std::clamp(number, least, std::max(least, newest_ + 1));
  // Stored now, so that changes from before the seek are not stored after it.
  const absl::Status stored = rows_.Store(subscribed->id, subscribed->deliveries, time_.wall);
  if (!stored.ok()) return stored;
  subscribed->deliveries.Seek(number);
  subscribed->dead_letters_changed = true;
  must_store_ = true;
  const absl::Status begun = rows_.BeginEra(subscribed->id, subscribed->deliveries, number);
  if (!begun.ok()) return begun;
  return number;
}

// A binary search: times grow with the numbers, as long as the wall clock is not set back.
absl::StatusOr<int64_t> Operations::FirstReceivedFrom(absl::Time time) {
  int64_t low = 1;
  int64_t high = newest_ + 1;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const auto first = rows_.FirstFrom(middle);
    if (!first.ok()) return first.status();
    if (!*first || (*first)->second >= time) {
      high = middle;
    } else {
      low = (*first)->first + 1;
    }
  }
  return low;
}

absl::Status Operations::Remove(absl::Time before) {
  must_store_ = true;
  const absl::StatusOr<int64_t> removed = rows_.RemoveBefore(before, time_.wall);
  if (!removed.ok()) return removed.status();
  removed_ = *removed;
  if (removed_ == 0) return absl::OkStatus();
  for (auto& [name, subscribed] : subscriptions) Drop(subscribed, removed_);
  return absl::OkStatus();
}

void Operations::Drop(Subscribed& subscribed, int64_t last) {
  Deliveries& deliveries = subscribed.deliveries;
  const uint64_t lost_before = deliveries.counters().lost;
  deliveries.Drop(last);
  subscribed.dead_letters_changed = true;
  const uint64_t lost = deliveries.counters().lost - lost_before;
  if (lost == 0) return;
  must_store_ = true;
  Tell("events were removed that a subscription was still owed",
       absl::StrCat(deliveries.subscription().name, " ", lost));
}

absl::Status Operations::MeasureAge(Subscribed& subscribed) {
  const int64_t oldest = subscribed.deliveries.done().FirstMissing();
  if (oldest > newest_) {
    subscribed.oldest = 0;
    subscribed.oldest_received = std::nullopt;
  } else if (oldest != subscribed.oldest) {
    const auto first = rows_.FirstFrom(oldest);
    if (!first.ok()) return first.status();
    subscribed.oldest = oldest;
    subscribed.oldest_received =
        *first ? std::optional<absl::Time>((*first)->second) : std::nullopt;
  }
  return absl::OkStatus();
}

void Operations::Describe(absl::Time now, LogStats& stats) const {
  for (const auto& [name, subscribed] : subscriptions) {
    SubscriptionStats& of = stats.subscriptions[name];
    of.backlog = static_cast<uint64_t>(subscribed.deliveries.done().Missing(newest_));
    of.oldest_age = absl::ZeroDuration();
    if (of.backlog > 0 && subscribed.oldest_received) {
      of.oldest_age = std::max(now - *subscribed.oldest_received, absl::ZeroDuration());
    }
    of.out = subscribed.deliveries.out();
    of.dead_letters = subscribed.dead_letters;
    of.counters = subscribed.deliveries.counters();
  }
  stats.events += counted_.events;
  stats.duplicates += counted_.duplicates;
  stats.conflicts += counted_.conflicts;
}

void Operations::Tell(absl::string_view event, absl::string_view reason) const {
  if (options_.on_event) options_.on_event(event, reason);
}

}  // namespace gateway::events
