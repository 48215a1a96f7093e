#include "service/in_flight.h"

namespace gateway {

InFlight::Place InFlight::Add(Member& member) {
  std::list<Member*> added{&member};
  const std::lock_guard<std::mutex> lock(mutex_);
  members_.splice(members_.begin(), added);
  if (aborting_) member.Abort();
  return members_.begin();
}

void InFlight::Remove(Place place) {
  std::list<Member*> removed;
  const std::lock_guard<std::mutex> lock(mutex_);
  removed.splice(removed.begin(), members_, place);
}

size_t InFlight::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return members_.size();
}

void InFlight::AbortAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  aborting_ = true;
  for (Member* const member : members_) member->Abort();
}

}  // namespace gateway
