#include "service/events/postgresql/slices.h"

#include <algorithm>
#include <utility>

namespace gateway::events {

bool Slices::Put(int64_t slice, const Slice& stored) {
  if (slice < 0 || slice >= kCount || stored.first < 1 || stored.last < stored.first) return false;
  slices_[static_cast<size_t>(slice)] = stored;
  return true;
}

std::optional<int> Slices::Last() const {
  const auto last =
      std::max_element(slices_.begin(), slices_.end(),
                       [](const Slice& a, const Slice& b) { return a.last < b.last; });
  if (last->first == 0) return std::nullopt;
  return static_cast<int>(last - slices_.begin());
}

int Slices::Add(int64_t number, absl::Time received, absl::Duration keep) {
  const std::optional<int> last = Last();
  int slice = last.value_or(0);
  const int next = (slice + 1) % kCount;
  // The difference may be negative, if a clock that was ahead was set back.
  const bool is_over = last && absl::AbsDuration(received - at(slice).began) >= keep / kSpanOf;
  if (is_over && at(next).first == 0) slice = next;
  Slice& of = slices_[static_cast<size_t>(slice)];
  if (of.first == 0) of = {number, number, received, received};
  of.last = number;
  of.ended = std::max(of.ended, received);
  changed_.insert(slice);
  return slice;
}

std::optional<int> Slices::Of(int64_t number) const {
  for (int slice = 0; slice < kCount; ++slice) {
    const Slice& of = at(slice);
    if (of.first != 0 && of.first <= number && number <= of.last) return slice;
  }
  return std::nullopt;
}

int64_t Slices::oldest() const {
  int64_t oldest = 0;
  for (const Slice& slice : slices_) {
    if (slice.first != 0 && (oldest == 0 || slice.first < oldest)) oldest = slice.first;
  }
  return oldest;
}

std::vector<int> Slices::Before(absl::Time time, absl::Time now) const {
  std::vector<int> before;
  for (int slice = 0; slice < kCount; ++slice) {
    if (at(slice).first != 0) before.push_back(slice);
  }
  std::sort(before.begin(), before.end(),
            [this](int a, int b) { return at(a).first < at(b).first; });
  // Keeps only slices at the front: if the clock was set back, a later slice may be older.
  const auto front_ends = std::find_if(before.begin(), before.end(), [&](int slice) {
    return at(slice).ended >= time && at(slice).ended <= now;
  });
  before.erase(front_ends, before.end());
  while (!before.empty() && at(before.back()).ended >= time) before.pop_back();
  return before;
}

int64_t Slices::Clear(int slice) {
  changed_.insert(slice);
  return std::exchange(slices_[static_cast<size_t>(slice)], {}).last;
}

std::set<int> Slices::TakeChanges() { return std::exchange(changed_, {}); }

}  // namespace gateway::events
