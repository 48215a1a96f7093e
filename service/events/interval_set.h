// A set of numbers from 1 on, kept as intervals: what a subscription has done with. A subscription
// that keeps up has one interval, whatever it has done; each event that it still owes adds one.
//
//   IntervalSet done;
//   done.Add(1, 5);
//   done.Add(7, 7);
//   done.FirstMissing();  // 6
//
// It notes which intervals have changed, for whoever stores them.
//
// Thread-safety: none.
#ifndef SERVICE_EVENTS_INTERVAL_SET_H_
#define SERVICE_EVENTS_INTERVAL_SET_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gateway::events {

class IntervalSet {
 public:
  // An interval whose `last` is absent is gone.
  struct Change {
    int64_t first;
    std::optional<int64_t> last;
  };

  bool Contains(int64_t number) const;
  // Inclusive; nothing where `last` is before `first`.
  void Add(int64_t first, int64_t last);
  void Remove(int64_t first, int64_t last);

  // The smallest number from 1 on that is not in the set.
  int64_t FirstMissing() const;
  // The smallest number from this one on that is not in the set.
  int64_t NextMissing(int64_t number) const;
  // The numbers from 1 to `last` that are not in the set, in their order.
  std::vector<int64_t> MissingNumbers(int64_t last) const;
  // How many numbers from 1 to `last` are not in the set.
  int64_t Missing(int64_t last) const;
  size_t intervals() const { return last_of_.size(); }

  // Intervals that have changed since the last call.
  std::vector<Change> TakeChanges();
  bool changed() const { return !changed_.empty(); }

 private:
  void Put(int64_t first, int64_t last);
  void Erase(std::map<int64_t, int64_t>::iterator interval);

  std::map<int64_t, int64_t> last_of_;  // by first; they neither overlap nor touch
  std::set<int64_t> changed_;           // firsts
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_INTERVAL_SET_H_
