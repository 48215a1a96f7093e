// The clock that decides when stored rows are too old: a wall clock without its steps forward. A
// step forward, of the machine's clock or of a database that moved to another machine, must not
// make all rows old at once.
//
//   RetentionClock clock;           // one for as long as the process runs
//   clock.Read(wall_clock);         // when a store is opened
//   RemoveBefore(clock.Read(wall_clock) - keep);
//
// From one Read to the next this clock goes on by the time that has passed on the steady clock. If
// the wall clock is ahead, it goes on by a tenth more. So a row stays for at least ten elevenths of
// its time, whatever the wall clock does. If the wall clock was wrong at the first Read and was
// then set right, this clock follows it slowly.
//
// Thread-safety: none; only the thread of the stores uses it. Lifetime: one for as long as the
// process runs. A clock that is made anew with each store would believe a step that came between.
#ifndef SERVICE_LEDGER_RETENTION_CLOCK_H_
#define SERVICE_LEDGER_RETENTION_CLOCK_H_

#include "absl/time/time.h"
#include "upstream/steady_time.h"

namespace gateway::ledger {

class RetentionClock {
 public:
  // `wall` is the time of the wall clock at `now`. The result is never after `wall`.
  absl::Time Read(absl::Time wall, SteadyTime now = SteadyTime::Now());

 private:
  absl::Time latest_;  // the wall clock is not believed to be later
  SteadyTime read_at_;
};

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_RETENTION_CLOCK_H_
