// Finds out what became of writes whose outcome is unknown, by reading from their upstreams:
//
//   ledger.Take -> read -> Judge -> it happened, or it did not: ledger.Resolve
//                                '-> undecided, or too early:    ledger.Postpone
//
// An entry that was taken is leased, so that only one of several gateways looks at it at a time. A
// lease permits a look and never a send: a reconciler only reads. Writes without a lookup in their
// proto stay UNKNOWN until a repeated call, a webhook or an operator settles them.
//
// Thread-safety: LookAt and the counters may be used from any thread. Has a thread of its own,
// which blocks on neither upstream nor ledger. Lifetime: the destructor ends the looks that are
// under way. The constructor's arguments must outlive it.
#ifndef SERVICE_RECONCILE_RECONCILER_H_
#define SERVICE_RECONCILE_RECONCILER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "service/ledger/ledger.h"
#include "service/reconcile/absences.h"
#include "service/reconcile/read_back.h"
#include "upstream/begun_call.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway {

class Reconciler {
 public:
  struct Options {
    // How often the ledger is asked for entries whose look is due.
    absl::Duration every = absl::Seconds(1);
    // How long one read may take.
    absl::Duration read_deadline = absl::Seconds(10);
    // Due entries are taken only as long as no more looks than this are under way. The looks of
    // LookAt count too, but are never refused: a caller waits for each.
    size_t most_looks = 16;
  };

  // The number of looks, by result.
  struct Counters {
    std::atomic<uint64_t> done{0};
    std::atomic<uint64_t> not_done{0};
    std::atomic<uint64_t> undecided{0};  // also: too early to tell
    std::atomic<uint64_t> failed{0};     // the read failed
  };

  Reconciler(ledger::Ledger& ledger, const ReadBack& read_back, const Slot<Generation>& in_force)
      : Reconciler(ledger, read_back, in_force, Options{}) {}
  Reconciler(ledger::Ledger& ledger, const ReadBack& read_back, const Slot<Generation>& in_force,
             const Options& options);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // Looks at the UNKNOWN entry now, even if its look is not due. `done` is called once, with the
  // entry as it is afterwards. Its error is FAILED_PRECONDITION if another look at the entry is
  // under way, if the entry is no longer UNKNOWN, or if the gateway stops. `read` may be stopped at
  // any time; this ends the look soon.
  void LookAt(const ledger::EntryId& entry, SteadyTime deadline, std::shared_ptr<BegunCall> read,
              ledger::Done<ledger::Entry> done);

  const ReadBack& read_back() const { return read_back_; }
  const Counters& counters() const { return counters_; }

 private:
  class Look;

  void Run();
  // Takes at most so many due entries. The caller has entered once for each.
  void TakeDue(size_t most);
  void Begin(ledger::Entry entry, SteadyTime deadline, std::shared_ptr<BegunCall> read,
             ledger::Done<ledger::Entry> done);
  // Enter begins and Leave ends looks that the destructor waits for. Enter returns false if the
  // destructor has begun.
  bool Enter();
  void Leave(size_t looks = 1);
  bool IsStopping();
  void Reads(const std::shared_ptr<BegunCall>& read);
  void HasRead(const std::shared_ptr<BegunCall>& read);

  ledger::Ledger& ledger_;
  const ReadBack& read_back_;
  const Slot<Generation>& in_force_;
  const Options options_;
  Counters counters_;
  Absences absences_;

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_set<std::shared_ptr<BegunCall>> reads_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // last: uses the members above
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_RECONCILER_H_
