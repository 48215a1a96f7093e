#include "service/events/deliveries.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"

namespace gateway::events {
namespace {

constexpr size_t kPage = 200;

// What is kept of an event's tries is one number, so that stores need to know nothing of it: those
// that count, from kDoubt on the doubts, and whether the try that is under way does not count.
constexpr int32_t kDoubt = 1 << 20;
constexpr int32_t kPostponed = 1 << 30;

int32_t CountedOf(int32_t attempts) { return attempts & (kDoubt - 1); }
int32_t DoubtsOf(int32_t attempts) { return (attempts & (kPostponed - 1)) / kDoubt; }

}  // namespace

Deliveries::Deliveries(const Subscription& subscription, Saved saved, uint64_t first_lease)
    : subscription_(subscription),
      era_(saved.era),
      next_lease_(first_lease),
      done_(std::move(saved.done)),
      tries_(std::move(saved.tries)),
      scanned_(done_.FirstMissing() - 1),
      counters_(saved.counters) {}

absl::Status Deliveries::Restore(const std::vector<Lease>& leases, Look look) {
  int64_t last = 0;
  for (const Lease& lease : leases) last = std::max(last, lease.number);
  if (last > scanned_) {
    const absl::StatusOr<std::vector<Head>> heads = look(done_.MissingNumbers(last));
    if (!heads.ok()) return heads.status();
    for (const Head& head : *heads) Take(head);
    done_.Add(scanned_ + 1, last);  // numbers that no event has
    scanned_ = last;
  }
  for (const Lease& lease : leases) {
    const auto open = open_.find(lease.number);
    if (open == open_.end() || open->second.place == Place::kOut) continue;
    open->second.attempts = lease.attempts;
    open->second.lease = lease.lease;
    BeginLease(open, lease.deadline);
  }
  changes_.deadlines.clear();
  for (const Lease& lease : leases) {
    if (LeasesUntil(lease.deadline).empty()) changes_.deadlines.insert(lease.deadline);
  }
  return absl::OkStatus();
}

std::vector<Deliveries::Lease> Deliveries::LeasesUntil(SteadyTime deadline) const {
  std::vector<Lease> leases;
  for (auto at = expiries_.lower_bound({deadline, 0});
       at != expiries_.end() && at->first == deadline; ++at) {
    const Open& open = open_.find(at->second)->second;
    leases.push_back({at->second, open.lease, open.attempts, deadline});
  }
  return leases;
}

bool Deliveries::MayHaveMore(int64_t end) const {
  return !ready_.empty() || (scanned_ < end && open_.size() < kMostOpen);
}

absl::StatusOr<std::vector<Deliveries::HandedOut>> Deliveries::HandOut(size_t most, SteadyTime now,
                                                                       int64_t end, Scan scan) {
  size_t looked_at = 0;
  while (ready_.size() < most && scanned_ < end && open_.size() < kMostOpen &&
         looked_at < kMostScanned) {
    scanned_ = done_.NextMissing(scanned_ + 1) - 1;
    if (scanned_ >= end) break;
    const size_t limit = std::min({kPage, kMostOpen - open_.size(), kMostScanned - looked_at});
    const absl::StatusOr<std::vector<Head>> heads = scan(scanned_, limit);
    if (!heads.ok()) return heads.status();
    for (const Head& head : *heads) Take(head);
    looked_at += heads->size();
    if (heads->size() < limit) {
      done_.Add(scanned_ + 1, end);  // numbers that no event has
      scanned_ = end;
    }
  }
  std::vector<HandedOut> handed_out;
  while (handed_out.size() < most && !ready_.empty()) {
    handed_out.push_back(HandOutOne(open_.find(*ready_.begin()), now));
  }
  return handed_out;
}

void Deliveries::Take(const Head& head) {
  done_.Add(scanned_ + 1, head.number - 1);
  scanned_ = head.number;
  if (done_.Contains(head.number)) return;
  if (!subscription_.filter.Matches(head)) return done_.Add(head.number, head.number);
  const auto tried = tries_.find(head.number);
  const int32_t attempts = tried == tries_.end() ? 0 : tried->second;
  if (tried != tries_.end()) tries_.erase(tried);
  AddOpen(head, attempts);
}

void Deliveries::AddOpen(const Head& head, int32_t attempts) {
  const auto [open, added] = open_.try_emplace(head.number);
  if (!added) return;
  open->second.attempts = attempts;
  open->second.stored = attempts > 0;
  if (subscription_.ordered && !head.resource.empty()) {
    open->second.lane = absl::StrCat(head.provider, " ", head.name, " ", head.resource);
  }
  Move(open, Place::kWaiting);
}

void Deliveries::Move(OpenIterator open, Place place) {
  const int64_t number = open->first;
  const Place before = std::exchange(open->second.place, place);
  const bool has_lane = !open->second.lane.empty();
  const auto found = has_lane ? lanes_.try_emplace(open->second.lane).first : lanes_.end();
  std::set<int64_t>& waiting = has_lane ? found->second.waiting : ready_;
  if (place == Place::kWaiting) {
    waiting.insert(number);
  } else {
    waiting.erase(number);
  }
  if (!has_lane) return;
  Lane& lane = found->second;
  if (before == Place::kOut) --lane.out;
  if (place == Place::kOut) ++lane.out;
  ready_.erase(lane.ready);
  lane.ready = lane.out > 0 || lane.waiting.empty() ? 0 : *lane.waiting.begin();
  if (lane.ready != 0) ready_.insert(lane.ready);
  if (lane.out == 0 && lane.waiting.empty()) lanes_.erase(found);
}

Deliveries::HandedOut Deliveries::HandOutOne(OpenIterator open, SteadyTime now) {
  const auto& [number, entry] = *open;
  open->second.lease = next_lease_++;
  ++open->second.attempts;
  BeginLease(open, now + subscription_.ack_deadline);
  ++counters_.handed_out;
  const int32_t attempt = CountedOf(entry.attempts);
  if (attempt > 1) ++counters_.handed_out_again;
  return {{era_, number, entry.lease}, attempt};
}

void Deliveries::BeginLease(OpenIterator open, SteadyTime deadline) {
  Move(open, Place::kOut);
  open->second.deadline = deadline;
  expiries_.emplace(deadline, open->first);
  changes_.deadlines.insert(deadline);
}

void Deliveries::EndLease(OpenIterator open) {
  if (open->second.place != Place::kOut) return;
  expiries_.erase({open->second.deadline, open->first});
  changes_.deadlines.insert(open->second.deadline);
  open->second.deadline = SteadyTime::InfiniteFuture();
  open->second.lease = 0;
}

Deliveries::OpenIterator Deliveries::FindLease(const AckId& id) {
  const auto open = open_.find(id.number);
  const bool holds = open != open_.end() && id.era == era_ && open->second.place == Place::kOut &&
                     open->second.lease == id.lease;
  return holds ? open : open_.end();
}

bool Deliveries::Acknowledge(const AckId& id) {
  if (id.era != era_) return false;
  ++counters_.acknowledged;
  const auto open = open_.find(id.number);
  if (open != open_.end()) {
    const SteadyTime deadline = open->second.deadline;
    const bool was_noted = changes_.deadlines.count(deadline) != 0;
    Close(open);
    const auto next = expiries_.lower_bound({deadline, 0});
    const bool others = next != expiries_.end() && next->first == deadline;
    if (others && !was_noted) changes_.deadlines.erase(deadline);
    return true;
  }
  // The event is not open: an earlier process or another gateway has handed it out, or it is done
  // or a dead letter already.
  changes_.late.push_back(id.number);
  changes_.tries[id.number] = 0;
  tries_.erase(id.number);
  done_.Add(id.number, id.number);
  return true;
}

bool Deliveries::Extend(const AckId& id, SteadyTime deadline) {
  const auto open = FindLease(id);
  if (open == open_.end()) return false;
  const uint64_t lease = open->second.lease;
  EndLease(open);
  open->second.lease = lease;
  BeginLease(open, deadline);
  return true;
}

bool Deliveries::GiveBack(const AckId& id) {
  const auto open = FindLease(id);
  if (open == open_.end()) return false;
  ++counters_.given_back;
  ComeBack(open);
  return true;
}

bool Deliveries::TakeBack(const AckId& id) {
  const auto open = FindLease(id);
  if (open == open_.end()) return false;
  EndLease(open);
  --open->second.attempts;
  Move(open, Place::kWaiting);
  return true;
}

bool Deliveries::Postpone(const AckId& id, bool doubted) {
  const auto open = FindLease(id);
  if (open == open_.end()) return false;
  int32_t& attempts = open->second.attempts;
  // If half of the room is taken, an event that could not be judged is doubted too: otherwise
  // strangers could take all of it.
  if (doubted || open_.size() >= kMostOpen / 2) attempts += kDoubt;
  if (DoubtsOf(attempts) >= kMostDoubts) return Acknowledge(id);
  attempts |= kPostponed;
  changes_.deadlines.insert(open->second.deadline);
  return true;
}

void Deliveries::Expire(SteadyTime now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now) {
    const auto [deadline, number] = *expiries_.begin();
    // Erased here, and not only in ComeBack, so that the loop ends in any case.
    expiries_.erase(expiries_.begin());
    changes_.deadlines.insert(deadline);
    const auto open = open_.find(number);
    if (open == open_.end()) continue;
    ++counters_.expired;
    ComeBack(open);
  }
}

SteadyTime Deliveries::next_expiry() const {
  return expiries_.empty() ? SteadyTime::InfiniteFuture() : expiries_.begin()->first;
}

void Deliveries::ComeBack(OpenIterator open) {
  EndLease(open);
  int32_t& attempts = open->second.attempts;
  if ((attempts & kPostponed) != 0) attempts -= kPostponed + 1;
  if (CountedOf(attempts) >= subscription_.max_attempts) {
    ++counters_.dead;
    changes_.dead.push_back({open->first, CountedOf(attempts)});
    return Close(open);
  }
  changes_.tries[open->first] = attempts;
  open->second.stored = true;
  Move(open, Place::kWaiting);
}

void Deliveries::Close(OpenIterator open) {
  const int64_t number = open->first;
  if (open->second.stored) changes_.tries[number] = 0;
  EndLease(open);
  Move(open, Place::kNowhere);
  open_.erase(open);
  done_.Add(number, number);
}

void Deliveries::Seek(int64_t number) {
  ++era_;
  open_.clear();
  ready_.clear();
  expiries_.clear();
  lanes_.clear();
  tries_.clear();
  changes_.deadlines.clear();
  done_.Remove(number, std::numeric_limits<int64_t>::max());
  done_.Add(1, number - 1);
  scanned_ = number - 1;
}

void Deliveries::Redeliver(const Head& head) {
  done_.Remove(head.number, head.number);
  if (head.number <= scanned_) AddOpen(head, 0);
}

void Deliveries::Drop(int64_t last) {
  counters_.lost += static_cast<uint64_t>(done_.Missing(last));
  while (!open_.empty() && open_.begin()->first <= last) Close(open_.begin());
  done_.Add(1, last);
  scanned_ = std::max(scanned_, last);
}

Deliveries::Changes Deliveries::TakeChanges() {
  Changes changes = std::exchange(changes_, {});
  changes.done = done_.TakeChanges();
  return changes;
}

}  // namespace gateway::events
