#include "service/call/in_flight.h"

namespace gateway {

void InFlight::Add(Member& member) {
  const MutexLock lock(mutex_);
  member.after_ = first_;
  if (first_ != nullptr) first_->before_ = &member;
  first_ = &member;
  ++size_;
  if (aborting_) member.Abort();
}

void InFlight::Remove(Member& member) {
  const MutexLock lock(mutex_);
  (member.before_ == nullptr ? first_ : member.before_->after_) = member.after_;
  if (member.after_ != nullptr) member.after_->before_ = member.before_;
  --size_;
}

size_t InFlight::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

void InFlight::AbortAll() {
  const MutexLock lock(mutex_);
  aborting_ = true;
  for (Member* member = first_; member != nullptr; member = member->after_) member->Abort();
}

}  // namespace gateway
