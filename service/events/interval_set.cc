#include "service/events/interval_set.h"

#include <algorithm>
#include <iterator>

namespace gateway::events {

bool IntervalSet::Contains(int64_t number) const {
  const auto after = last_of_.upper_bound(number);
  return after != last_of_.begin() && std::prev(after)->second >= number;
}

void IntervalSet::Put(int64_t first, int64_t last) {
  last_of_[first] = last;
  changed_.insert(first);
}

void IntervalSet::Erase(std::map<int64_t, int64_t>::iterator interval) {
  changed_.insert(interval->first);
  last_of_.erase(interval);
}

void IntervalSet::Add(int64_t first, int64_t last) {
  if (last < first) return;
  auto next = last_of_.upper_bound(first);
  if (next != last_of_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= last) return;
    if (before->second >= first - 1) {
      first = before->first;
      next = before;
    }
  }
  while (next != last_of_.end() && next->first <= last + 1) {
    last = std::max(last, next->second);
    const auto swallowed = next++;
    if (swallowed->first != first) Erase(swallowed);
  }
  Put(first, last);
}

void IntervalSet::Remove(int64_t first, int64_t last) {
  if (last < first) return;
  auto at = last_of_.upper_bound(first);
  if (at != last_of_.begin() && std::prev(at)->second >= first) --at;
  while (at != last_of_.end() && at->first <= last) {
    const auto [begin, end] = *at;
    Erase(at++);
    if (begin < first) Put(begin, first - 1);
    if (end > last) Put(last + 1, end);
  }
}

int64_t IntervalSet::FirstMissing() const {
  const auto begin = last_of_.begin();
  return begin == last_of_.end() || begin->first > 1 ? 1 : begin->second + 1;
}

int64_t IntervalSet::NextMissing(int64_t number) const {
  const auto after = last_of_.upper_bound(number);
  if (after == last_of_.begin()) return number;
  return std::max(number, std::prev(after)->second + 1);
}

std::vector<int64_t> IntervalSet::MissingNumbers(int64_t last) const {
  std::vector<int64_t> numbers;
  int64_t next = 1;
  for (const auto& [begin, end] : last_of_) {
    for (; next < begin && next <= last; ++next) numbers.push_back(next);
    next = std::max(next, end + 1);
  }
  for (; next <= last; ++next) numbers.push_back(next);
  return numbers;
}

int64_t IntervalSet::Missing(int64_t last) const {
  int64_t missing = last;
  for (const auto& [begin, end] : last_of_) {
    if (begin > last) break;
    missing -= std::min(end, last) - begin + 1;
  }
  return std::max<int64_t>(missing, 0);
}

std::vector<IntervalSet::Change> IntervalSet::TakeChanges() {
  std::vector<Change> changes;
  for (const int64_t first : std::exchange(changed_, {})) {
    const auto found = last_of_.find(first);
    changes.push_back(
        {first, found == last_of_.end() ? std::nullopt : std::optional<int64_t>(found->second)});
  }
  return changes;
}

}  // namespace gateway::events
