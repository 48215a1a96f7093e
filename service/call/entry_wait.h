// Waits until a ledger entry is no longer an INTENT. A deadline, or the end of the waiting call,
// can cut the wait short.
//
//   auto wait = std::make_shared<EntryWait>(ledger);
//   wait->Begin(entry, deadline, [](absl::StatusOr<ledger::Entry> ended) { ... });
//
// `done` is called once, with CANCELLED if the wait was cut short.
//
// Thread-safety: call Begin once; CutShort may be called at any time, from any thread. Lifetime:
// shared, because the alarm may fire after the call is gone. The ledger must outlive it.
#ifndef SERVICE_CALL_ENTRY_WAIT_H_
#define SERVICE_CALL_ENTRY_WAIT_H_

#include <grpcpp/alarm.h>

#include <memory>
#include <optional>

#include "service/ledger/ledger.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class EntryWait : public std::enable_shared_from_this<EntryWait> {
 public:
  explicit EntryWait(ledger::Ledger& ledger) : ledger_(ledger) {}

  // Ends shortly before `deadline`, so that the answer still reaches the caller.
  void Begin(const ledger::EntryId& entry, SteadyTime deadline, ledger::Done<ledger::Entry> done);
  // May also be called before Begin.
  void CutShort();

 private:
  void End();

  ledger::Ledger& ledger_;
  grpc::Alarm alarm_;
  Mutex mutex_;
  std::optional<ledger::WaitId> wait_ ABSL_GUARDED_BY(mutex_);
  bool cut_short_ ABSL_GUARDED_BY(mutex_) = false;
  bool over_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway

#endif  // SERVICE_CALL_ENTRY_WAIT_H_
