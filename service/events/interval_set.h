// A set of numbers from 1 on, stored as intervals. It holds the events that a subscription is done
// with: a single interval if the subscription keeps up, and at most one more for each event before
// the newest that is not done.
//
//   IntervalSet done;
//   done.Add(1, 5);
//   done.Add(7, 7);
//   done.FirstMissing();  // 6
//
// The set remembers which intervals have changed, so that only these have to be stored.
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
  // `last` is empty if no interval begins at `first` any more.
  struct Change {
    int64_t first;
    std::optional<int64_t> last;
  };

  bool Contains(int64_t number) const;
  // Both bounds are inclusive. Does nothing if `last` is before `first`.
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

  // Returns the intervals that have changed since the last call.
  std::vector<Change> TakeChanges();
  bool changed() const { return !changed_.empty(); }

 private:
  void Put(int64_t first, int64_t last);
  void Erase(std::map<int64_t, int64_t>::iterator interval);

  std::map<int64_t, int64_t> last_of_;  // by first; intervals neither overlap nor touch
  std::set<int64_t> changed_;           // where the changed intervals begin
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_INTERVAL_SET_H_
