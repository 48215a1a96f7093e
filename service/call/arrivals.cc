#include "service/call/arrivals.h"

#include <algorithm>
#include <deque>

namespace gateway {
namespace {

// How many of `most` places one caller may take.
size_t ShareOf(size_t most) { return std::max<size_t>(most / 2, 1); }

}  // namespace

bool Arrivals::Enter(Member& member, size_t caller, Clock::time_point now) {
  const MutexLock lock(mutex_);
  size_t& of_caller = of_callers_[caller];
  if (size_ >= options_.most || of_caller >= ShareOf(options_.most)) {
    if (of_caller == 0) of_callers_.erase(caller);
    return false;
  }
  ++of_caller;
  ++size_;
  member.listed_ = true;
  member.caller_ = caller;
  member.entered_ = now;
  member.received_ = received_;
  member.before_ = last_;
  member.after_ = nullptr;
  (last_ == nullptr ? first_ : last_->after_) = &member;
  last_ = &member;
  return true;
}

void Arrivals::Remove(Member& member) {
  (member.before_ == nullptr ? first_ : member.before_->after_) = member.after_;
  (member.after_ == nullptr ? last_ : member.after_->before_) = member.before_;
  member.listed_ = false;
  --size_;
  const auto of_caller = of_callers_.find(member.caller_);
  if (--of_caller->second == 0) of_callers_.erase(of_caller);
}

bool Arrivals::Leave(Member& member) {
  const MutexLock lock(mutex_);
  if (!member.listed_) return false;
  Remove(member);
  return true;
}

bool Arrivals::IsSlow(const Member& member, Clock::time_point now) const {
  return now - member.entered_ >= kSlow && received_ - member.received_ >= options_.slow_bytes;
}

std::vector<Arrivals::Member*> Arrivals::SlowBeyondMost(Clock::time_point now) const {
  absl::flat_hash_map<size_t, std::deque<Member*>> of_callers;  // the oldest in front
  size_t slow = 0;
  for (Member* member = first_; member != nullptr && IsSlow(*member, now);
       member = member->after_) {
    of_callers[member->caller_].push_back(member);
    ++slow;
  }
  std::vector<Member*> beyond;
  while (slow > 0) {
    auto& greediest =
        std::max_element(of_callers.begin(), of_callers.end(), [](const auto& a, const auto& b) {
          return a.second.size() < b.second.size();
        })->second;
    if (slow <= options_.most_slow && greediest.size() <= ShareOf(options_.most_slow)) break;
    beyond.push_back(greediest.front());
    greediest.pop_front();
    --slow;
  }
  return beyond;
}

void Arrivals::Sweep(int64_t received, Clock::time_point now) {
  std::vector<Member*> late;
  {
    const MutexLock lock(mutex_);
    received_ = received;
    while (first_ != nullptr && now - first_->entered_ >= options_.time) {
      late.push_back(first_);
      Remove(*first_);
    }
    for (Member* const member : SlowBeyondMost(now)) {
      late.push_back(member);
      Remove(*member);
    }
  }
  for (Member* const member : late) member->GiveUp();
}

void Arrivals::GiveUpAll() {
  std::vector<Member*> all;
  {
    const MutexLock lock(mutex_);
    while (first_ != nullptr) {
      all.push_back(first_);
      Remove(*first_);
    }
  }
  for (Member* const member : all) member->GiveUp();
}

size_t Arrivals::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

}  // namespace gateway
