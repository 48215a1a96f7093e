#include "service/call/entry_wait.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway {
namespace {

constexpr absl::Duration kMargin = absl::Milliseconds(20);

}  // namespace

void EntryWait::Begin(const ledger::EntryId& entry, SteadyTime deadline,
                      ledger::Done<ledger::Entry> done) {
  const std::shared_ptr<EntryWait> self = shared_from_this();  // `done` may destroy the call
  const absl::Duration left =
      std::max(deadline - kMargin - SteadyTime::Now(), absl::ZeroDuration());
  // The alarm keeps its callback until the alarm is destroyed, so the callback must not own this
  // object.
  alarm_.Set(absl::ToChronoTime(absl::Now() + left), [wait = weak_from_this()](bool expired) {
    if (!expired) return;
    if (const std::shared_ptr<EntryWait> present = wait.lock()) present->CutShort();
  });
  const ledger::WaitId wait = ledger_.Wait(
      entry, [self, done = std::move(done)](absl::StatusOr<ledger::Entry> ended) mutable {
        self->End();
        done(std::move(ended));
      });
  const MutexLock lock(mutex_);
  wait_ = wait;
  if (cut_short_ && !over_) ledger_.CancelWait(wait);
}

void EntryWait::CutShort() {
  const MutexLock lock(mutex_);
  cut_short_ = true;
  if (wait_ && !over_) ledger_.CancelWait(*wait_);
}

void EntryWait::End() {
  {
    const MutexLock lock(mutex_);
    over_ = true;
  }
  alarm_.Cancel();
}

}  // namespace gateway
