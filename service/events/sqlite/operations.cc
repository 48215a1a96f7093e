// What SqliteStore does for each kind of operation, within a transaction that is open.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "service/events/sqlite/store.h"

namespace gateway::events {
namespace {

absl::Status NoSubscription() { return absl::NotFoundError("there is no such subscription"); }

// Whether the error is about the file, and not about what was asked.
bool IsOfFile(const absl::Status& status) {
  return !status.ok() && !absl::IsNotFound(status) && !absl::IsInvalidArgument(status) &&
         !absl::IsUnavailable(status);
}

}  // namespace

SqliteStore::Subscribed* SqliteStore::Find(const std::string& name) {
  const auto found = subscriptions_.find(name);
  return found == subscriptions_.end() ? nullptr : &found->second;
}

void SqliteStore::Do(Appending& appending) {
  appending.result = Append(appending.request);
  if (IsOfFile(appending.result.status())) failure_ = appending.result.status();
}

absl::StatusOr<Appended> SqliteStore::Append(const SealedEvent& event) {
  const absl::StatusOr<int64_t> known = rows_.FindKey(event.key);
  if (!known.ok()) return known.status();
  if (*known != 0) {
    ++counted_.duplicates;
    return Appended{Appended::kDuplicate, *known};
  }
  if (used_bytes_ >= options_.max_bytes) {
    return absl::UnavailableError(
        absl::StrCat("the log has reached its size of ", options_.max_bytes, " bytes"));
  }
  const absl::StatusOr<bool> conflict = rows_.HasKeyOfOtherBody(event.key);
  if (!conflict.ok()) return conflict.status();
  const absl::StatusOr<int64_t> number = rows_.Insert(event, Now());
  if (!number.ok()) return number.status();
  newest_ = *number;
  ++counted_.events;
  if (!*conflict) return Appended{Appended::kNew, *number};
  ++counted_.conflicts;
  Tell("two events of one id have different bodies",
       absl::StrCat(event.event.head.provider, " ", *number));
  return Appended{Appended::kConflict, *number};
}

void SqliteStore::Do(Pulling& pulling) {
  pulling.result = HandOut(pulling.request.pull);
  if (IsOfFile(pulling.result.status())) failure_ = pulling.result.status();
}

absl::StatusOr<std::vector<Received>> SqliteStore::HandOut(const PullRequest& request) {
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  Deliveries& deliveries = subscribed->deliveries;
  const auto handed_out = deliveries.HandOut(
      request.max_events, SteadyTime::Now(), newest_,
      [this](int64_t after, size_t limit) { return rows_.HeadsAfter(after, limit); });
  if (!handed_out.ok()) return handed_out.status();
  std::vector<Received> received;
  size_t bytes = 0;
  for (const Deliveries::HandedOut& out : *handed_out) {
    if (!received.empty() && bytes >= request.max_bytes) {
      deliveries.TakeBack(out.id);
      continue;
    }
    absl::StatusOr<std::optional<SealedEvent>> event = rows_.Find(out.id.number);
    if (!event.ok()) return event.status();
    if (!*event) return absl::DataLossError(absl::StrCat("event ", out.id.number, " is gone"));
    bytes += (*event)->sealed_body.size();
    if (!received.empty() && bytes > request.max_bytes) {
      deliveries.TakeBack(out.id);
      continue;
    }
    received.push_back({**std::move(event), out.id, out.attempt});
  }
  return received;
}

// In the order in which the pulls came.
void SqliteStore::Serve(WaitingPulls& waiting, std::vector<Operation>& operations) {
  for (auto& [name, pulls] : waiting) {
    const Subscribed* const subscribed = Find(name);
    while (!pulls.empty() && failure_.ok() && subscribed != nullptr &&
           subscribed->deliveries.MayHaveMore(newest_)) {
      Do(pulls.front());
      if (!failure_.ok() || (pulls.front().result.ok() && pulls.front().result->empty())) break;
      operations.emplace_back(std::move(pulls.front()));
      pulls.pop_front();
    }
  }
}

void SqliteStore::Do(Modifying& modifying) {
  const ModifyRequest& request = modifying.request;
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) {
    modifying.result = NoSubscription();
    return;
  }
  Deliveries& deliveries = subscribed->deliveries;
  Effects effects;
  for (const AckId& id : request.ack_ids) {
    switch (request.what) {
      case ModifyRequest::kAcknowledge:
        // One that was put together for an event that is not there yet must not hide it.
        effects.push_back(id.number <= newest_ && deliveries.Acknowledge(id));
        must_store_ = true;
        break;
      case ModifyRequest::kExtend:
        effects.push_back(deliveries.Extend(id, request.deadline));
        break;
      case ModifyRequest::kGiveBack:
        effects.push_back(deliveries.GiveBack(id));
        must_store_ = true;
        break;
      case ModifyRequest::kTakeBack:
        effects.push_back(deliveries.TakeBack(id));
        break;
    }
  }
  modifying.result = std::move(effects);
}

void SqliteStore::Do(ListingDeadLetters& listing) {
  const DeadLettersRequest& request = listing.request;
  const Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) {
    listing.result = NoSubscription();
    return;
  }
  listing.result = rows_.DeadLetters(subscribed->id, request.after, request.limit);
  if (IsOfFile(listing.result.status())) failure_ = listing.result.status();
}

void SqliteStore::Do(Redelivering& redelivering) {
  redelivering.result = Redeliver(redelivering.request);
  if (IsOfFile(redelivering.result.status())) failure_ = redelivering.result.status();
}

absl::StatusOr<Effects> SqliteStore::Redeliver(const RedeliverRequest& request) {
  Subscribed* const subscribed = Find(request.subscription);
  if (subscribed == nullptr) return NoSubscription();
  Effects effects;
  for (const int64_t number : request.numbers) {
    const absl::StatusOr<bool> was_dead = rows_.RemoveDeadLetter(subscribed->id, number);
    if (!was_dead.ok()) return was_dead.status();
    effects.push_back(*was_dead);
    if (!*was_dead) continue;
    const auto heads = rows_.HeadsAfter(number - 1, 1);
    if (!heads.ok()) return heads.status();
    if (heads->empty() || heads->front().number != number) {
      return absl::DataLossError(absl::StrCat("event ", number, " is gone"));
    }
    subscribed->deliveries.Redeliver(heads->front());
    subscribed->dead_letters_changed = true;
    must_store_ = true;
  }
  return effects;
}

void SqliteStore::Do(Seeking& seeking) {
  seeking.result = Seek(seeking.request);
  if (IsOfFile(seeking.result.status())) failure_ = seeking.result.status();
}

absl::StatusOr<int64_t> SqliteStore::Seek(const SeekRequest& request) {
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
  // What was noted before the seek must not be stored after it.
  if (const absl::Status stored = StoreChanges(); !stored.ok()) return stored;
  subscribed->deliveries.Seek(number);
  subscribed->dead_letters_changed = true;
  must_store_ = true;
  const absl::Status begun = rows_.BeginEra(subscribed->id, subscribed->deliveries.era(), number);
  if (!begun.ok()) return begun;
  return number;
}

// Times grow with the numbers, as far as the wall clock was not set back.
absl::StatusOr<int64_t> SqliteStore::FirstReceivedFrom(absl::Time time) {
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

absl::Status SqliteStore::Tend() {
  const absl::StatusOr<int64_t> removed =
      rows_.RemoveBefore(RetentionNow() - options_.common.keep, options_.common.tend_batch);
  if (!removed.ok()) return removed.status();
  if (*removed > 0) {
    for (auto& [name, subscribed] : subscriptions_) {
      const uint64_t before = subscribed.deliveries.counters().lost;
      subscribed.deliveries.Drop(*removed);
      subscribed.dead_letters_changed = true;
      const uint64_t lost = subscribed.deliveries.counters().lost - before;
      if (lost == 0) continue;
      Tell("events were removed that a subscription was still owed", absl::StrCat(name, " ", lost));
    }
  }
  if (file_bytes_ - used_bytes_ < ledger::kSqlitePageBytes * 64) return absl::OkStatus();
  return database_.Execute("PRAGMA incremental_vacuum(64)");
}

}  // namespace gateway::events
