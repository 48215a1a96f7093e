// The time by which stored rows get too old: a wall clock's, but without its steps forward. Such a
// step, be it of the machine's clock or of a database that has moved to another machine, must not
// make everything old at once.
//
//   RetentionClock clock;           // one for as long as the process runs
//   clock.Read(wall_clock);         // when a store is opened
//   RemoveBefore(clock.Read(wall_clock) - keep);
//
// From one Read to the next it goes on by as much as a clock that nobody can set, and by a tenth of
// that more if the wall clock is ahead. So a row stays for at least ten elevenths of its time,
// whatever the wall clock does; one that was wrong at the first Read is followed, slowly.
//
// Thread-safety: none; the thread of the stores. Lifetime: it must outlive a store that is opened
// anew after an error, else the new one would take a step for the truth.
#ifndef SERVICE_LEDGER_RETENTION_CLOCK_H_
#define SERVICE_LEDGER_RETENTION_CLOCK_H_

#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::ledger {

class RetentionClock {
 public:
  // `wall`: what the wall clock says at `now`. Never after it.
  absl::Time Read(absl::Time wall, SteadyTime now = SteadyTime::Now());

 private:
  absl::Time latest_;  // the wall clock is not believed to be later
  SteadyTime read_at_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_RETENTION_CLOCK_H_
