// Which events are in which slice (partition) of the table `events`. The slices form a ring: new
// events go into one slice for a while, then into the next slice. Old events are removed at the
// other end, in whole slices.
//
//   empty | 1..40 | 41..77 | 78..93 <- the next event | empty | empty
//
// A slice takes events for 1/kSpanOf of the time that events are kept. So an event stays at most
// that much longer than it should, and one of the kCount slices is always free for the next events.
// If none is free all the same, the last slice takes further events. Events that were received
// while the clock was wrong by more than such a span are in slices of their own.
//
// Thread-safety: none. Numbers have no gaps: each event from oldest() to the newest is in a slice.
#ifndef SERVICE_EVENTS_POSTGRESQL_SLICES_H_
#define SERVICE_EVENTS_POSTGRESQL_SLICES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "absl/time/time.h"

namespace gateway::events {

class Slices {
 public:
  static constexpr int kCount = 32;
  static constexpr int kSpanOf = 28;

  struct Slice {
    int64_t first = 0;  // the number of its first event; 0: the slice is empty
    int64_t last = 0;
    absl::Time began;  // when its first event was received
    absl::Time ended;  // the latest time at which one of its events was received
  };

  // Sets a slice as it is stored. Returns false if the stored values cannot be right.
  bool Put(int64_t slice, const Slice& stored);

  // Adds a new event, whose number follows the newest. Returns the slice that takes the event.
  int Add(int64_t number, absl::Time received, absl::Duration keep);

  // Returns the slice of an event; nullopt if no slice has the event.
  std::optional<int> Of(int64_t number) const;
  // The number of the oldest event; 0: there are no events.
  int64_t oldest() const;

  // The slices at the front whose events are all older than `time`, the oldest first. A slice with
  // an event whose time is after `now` counts as old as the slice behind it.
  std::vector<int> Before(absl::Time time, absl::Time now) const;
  // Marks the slice as empty. Returns the number of the last event that it had.
  int64_t Clear(int slice);

  const Slice& at(int slice) const { return slices_[static_cast<size_t>(slice)]; }
  // Returns the slices that have changed since the last call.
  std::set<int> TakeChanges();

 private:
  // The slice with the newest event; nullopt if there are no events.
  std::optional<int> Last() const;

  std::array<Slice, kCount> slices_;
  std::set<int> changed_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_POSTGRESQL_SLICES_H_
