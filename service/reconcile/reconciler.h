// Finds out what became of writes whose outcome is unknown, by reading at their upstreams:
//
//   ledger.Take -> read -> Judge -> it happened, or it did not: ledger.Resolve
//                                '-> undecided, or too early:    ledger.Postpone
//
// An entry that was taken is leased: of several gateways one looks at it at a time. A lease buys a
// look and never a send: a reconciler only reads. Writes without a lookup in their proto stay as
// they are: a repetition, a webhook or an operator tells.
//
// Thread-safety: LookAt and the counters may be used from any thread. Has a thread of its own,
// which waits for neither upstream nor ledger. Lifetime: the destructor ends the looks that are
// under way; what the constructor is given outlives it.
#ifndef SERVICE_RECONCILE_RECONCILER_H_
#define SERVICE_RECONCILE_RECONCILER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "service/generation/generation.h"
#include "service/generation/slot.h"
#include "service/ledger/ledger.h"
#include "service/reconcile/absences.h"
#include "service/reconcile/read_back.h"
#include "upstream/begun_call.h"
#include "upstream/steady_time.h"

namespace gateway {

class Reconciler {
 public:
  struct Options {
    // Between two questions for entries whose look is due.
    absl::Duration every = absl::Seconds(1);
    // For one read, at most.
    absl::Duration read_deadline = absl::Seconds(10);
    // Looks of this gateway that are under way at a time.
    size_t most_looks = 16;
  };

  // Looks, by what they brought.
  struct Counters {
    std::atomic<uint64_t> done{0};
    std::atomic<uint64_t> not_done{0};
    std::atomic<uint64_t> undecided{0};  // also: too early to tell
    std::atomic<uint64_t> failed{0};     // the read brought nothing
  };

  Reconciler(ledger::Ledger& ledger, const ReadBack& read_back, const Slot<Generation>& in_force)
      : Reconciler(ledger, read_back, in_force, Options{}) {}
  Reconciler(ledger::Ledger& ledger, const ReadBack& read_back, const Slot<Generation>& in_force,
             const Options& options);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  // Looks at the UNKNOWN entry now, also before its look is due. `done` is called once and gets the
  // entry as it is afterwards; FAILED_PRECONDITION where somebody else looks at it, or it is not
  // UNKNOWN any more. Stopping `read`, at any time, ends the look soon.
  void LookAt(const ledger::EntryId& entry, SteadyTime deadline, std::shared_ptr<BegunCall> read,
              ledger::Done<ledger::Entry> done);

  const ReadBack& read_back() const { return read_back_; }
  const Counters& counters() const { return counters_; }

 private:
  class Look;

  void Run();
  void TakeDue();
  void Begin(ledger::Entry entry, SteadyTime deadline, std::shared_ptr<BegunCall> read,
             ledger::Done<ledger::Entry> done);
  // Something that the destructor waits for begins and ends. False: it is too late to begin.
  bool Enter();
  void Leave();
  void Reads(const std::shared_ptr<BegunCall>& read);
  void HasRead(const std::shared_ptr<BegunCall>& read);

  ledger::Ledger& ledger_;
  const ReadBack& read_back_;
  const Slot<Generation>& in_force_;
  const Options options_;
  Counters counters_;
  Absences absences_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  bool stopping_ = false;
  size_t under_way_ = 0;
  absl::flat_hash_set<std::shared_ptr<BegunCall>> reads_;

  std::thread thread_;  // last
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_RECONCILER_H_
