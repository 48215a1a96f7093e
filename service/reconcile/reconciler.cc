#include "service/reconcile/reconciler.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/log/log.h"
#include "upstream/mapping/once/lookup.h"

namespace gateway {
namespace {

using ledger::Entry;
using ledger::Resolution;
using mapping::Verdict;

constexpr char kResolver[] = "reconciler";
// Entry::progress after a look that should have shown the write, and did not. It is kept in the
// ledger, so that no replica, even after a restart, takes what appears later for the write's
// result.
constexpr char kNotShown[] = "not shown";

}  // namespace

// One look at one entry. Owns itself from Begin to the ledger's last answer.
class Reconciler::Look {
 public:
  Look(Reconciler& reconciler, Entry entry, std::shared_ptr<BegunCall> read,
       ledger::Done<Entry> done)
      : reconciler_(reconciler),
        entry_(std::move(entry)),
        generation_(reconciler.in_force_.Get()),
        read_(std::move(read)),
        done_(std::move(done)) {}

  void Begin(SteadyTime deadline) {
    lookup_ = reconciler_.read_back_.LookupOf(entry_.scope.rpc);
    if (lookup_ == nullptr) return Postpone(entry_.note);
    if (entry_.progress == ledger::kNotSentYet) {
      ++reconciler_.counters_.not_done;
      return Resolve({.done = false, .reason = "its gateway ended before it sent anything"});
    }
    if (!entry_.before || entry_.before->empty()) {
      return Postpone("what was there before is not known");
    }
    absl::StatusOr<mapping::LookupMemory> memory = mapping::ReadMemory(*lookup_, *entry_.before);
    if (!memory.ok()) return Postpone(std::string(memory.status().message()));
    memory_ = *std::move(memory);
    memory_.not_shown = memory_.not_shown || progress_ == kNotShown;
    reconciler_.absences_.Look(entry_, begun_);
    // OnRead may end the look, and destroy it, before Read returns.
    const std::shared_ptr<BegunCall> read = read_;
    reconciler_.Reads(read);
    read->Began(
        reconciler_.read_back_.Read(*generation_, *lookup_, memory_.read_request, deadline,
                                    [this](const ReadBack::Result& result) { OnRead(result); }));
  }

 private:
  void OnRead(const ReadBack::Result& result) {
    if (const auto* failure = std::get_if<mapping::Failure>(&result)) {
      ++reconciler_.counters_.failed;
      return Postpone(absl::StrCat("the read failed: ", failure->reason));
    }
    // `changed` is when the entry became UNKNOWN. After a crash this was long after the call had
    // ended, so the call's deadline counts if it is earlier.
    const absl::Time ended = std::min(entry_.changed, entry_.deadline);
    Verdict verdict = mapping::Judge(*lookup_, memory_, ended, std::get<std::string>(result));
    switch (verdict.kind) {
      case Verdict::kHappened:
        ++reconciler_.counters_.done;
        return Resolve(
            {.done = true, .reply = std::move(verdict.reply), .reason = std::move(verdict.reason)});
      case Verdict::kAbsent:
        return OnAbsent();
      case Verdict::kUndecided:
        ++reconciler_.counters_.undecided;
        reconciler_.absences_.Doubt(entry_);
        return Postpone(std::move(verdict.reason));
    }
  }

  void OnAbsent() {
    switch (reconciler_.absences_.Believe(entry_, begun_, lookup_->settle)) {
      case Absences::kTooEarly:
        ++reconciler_.counters_.undecided;
        return Postpone("the upstream does not show it; it is too early to believe that");
      case Absences::kNotShown:
        ++reconciler_.counters_.undecided;
        progress_ = kNotShown;
        return Postpone("the upstream does not show it; another read is needed to believe that");
      case Absences::kDidNotHappen:
        ++reconciler_.counters_.not_done;
        return Resolve({.done = false, .reason = "two reads of the upstream do not show it"});
    }
  }

  void Resolve(Resolution resolution) {
    resolution.id = entry_.id;
    resolution.attempt = entry_.attempt;
    resolution.resolver = kResolver;
    reconciler_.ledger_.Resolve(std::move(resolution),
                                [this](absl::StatusOr<Entry> entry) { End(std::move(entry)); });
  }

  void Postpone(std::string note) {
    reconciler_.ledger_.Postpone({{entry_.id, entry_.attempt}, progress_, std::move(note)},
                                 [this](absl::StatusOr<Entry> entry) { End(std::move(entry)); });
  }

  // Another replica, an operator or a late result was first, or the entry is gone.
  static bool IsOver(const absl::Status& status) {
    return absl::IsFailedPrecondition(status) || absl::IsAborted(status) ||
           absl::IsNotFound(status);
  }

  void End(absl::StatusOr<Entry> entry) {
    const bool is_known = entry.ok() && entry->state != ledger::State::kUnknown;
    if (is_known || IsOver(entry.status())) reconciler_.absences_.Forget(entry_);
    if (is_known) {
      Log(Severity::kInfo, "an unknown outcome is known now",
          {{"entry", entry->id.text()},
           {"rpc", entry->scope.rpc},
           {"state", std::string(ledger::Name(entry->state))}});
    }
    read_->Over();
    reconciler_.HasRead(read_);
    Reconciler& reconciler = reconciler_;
    ledger::Done<Entry> done = std::move(done_);
    delete this;
    if (done) done(std::move(entry));
    reconciler.Leave();
  }

  Reconciler& reconciler_;
  const Entry entry_;
  // Keeps the client of the read alive. Released on a thread of the ledger, and never on a thread
  // of the client.
  const std::shared_ptr<const Generation> generation_;
  const std::shared_ptr<BegunCall> read_;
  ledger::Done<Entry> done_;  // null: nobody waits for the result
  const SteadyTime begun_ = SteadyTime::Now();
  std::string progress_ = entry_.progress;
  const mapping::LookupPlan* lookup_ = nullptr;
  mapping::LookupMemory memory_;
};

Reconciler::Reconciler(ledger::Ledger& ledger, const ReadBack& read_back,
                       const Slot<Generation>& in_force, const Options& options)
    : ledger_(ledger),
      read_back_(read_back),
      in_force_(in_force),
      options_(options),
      thread_([this] { Run(); }) {}

Reconciler::~Reconciler() {
  absl::flat_hash_set<std::shared_ptr<BegunCall>> reads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    reads = reads_;
    changed_.NotifyAll();
  }
  for (const std::shared_ptr<BegunCall>& read : reads) read->Stop();
  thread_.join();
  const MutexLock lock(mutex_);
  while (under_way_ > 0) changed_.Wait(mutex_);
}

bool Reconciler::Enter() {
  const MutexLock lock(mutex_);
  if (stopping_) return false;
  ++under_way_;
  return true;
}

void Reconciler::Leave(size_t looks) {
  const MutexLock lock(mutex_);
  under_way_ -= looks;
  changed_.NotifyAll();
}

bool Reconciler::IsStopping() {
  const MutexLock lock(mutex_);
  return stopping_;
}

void Reconciler::Reads(const std::shared_ptr<BegunCall>& read) {
  bool stopping = false;
  {
    const MutexLock lock(mutex_);
    stopping = stopping_;
    reads_.insert(read);
  }
  if (stopping) read->Stop();
}

void Reconciler::HasRead(const std::shared_ptr<BegunCall>& read) {
  const MutexLock lock(mutex_);
  reads_.erase(read);
}

void Reconciler::LookAt(const ledger::EntryId& entry, SteadyTime deadline,
                        std::shared_ptr<BegunCall> read, ledger::Done<Entry> done) {
  if (!Enter()) return done(absl::FailedPreconditionError("the gateway stops"));
  const SteadyTime end = std::min(deadline, SteadyTime::Now() + options_.read_deadline);
  ledger_.Take({.id = entry}, [this, end, read = std::move(read), done = std::move(done)](
                                  absl::StatusOr<std::vector<Entry>> taken) mutable {
    if (taken.ok() && !taken->empty()) {
      return Begin(std::move(taken->front()), end, std::move(read), std::move(done));
    }
    done(taken.ok() ? absl::FailedPreconditionError("somebody looks at it") : taken.status());
    Leave();
  });
}

void Reconciler::Begin(Entry entry, SteadyTime deadline, std::shared_ptr<BegunCall> read,
                       ledger::Done<Entry> done) {
  (new Look(*this, std::move(entry), std::move(read), std::move(done)))->Begin(deadline);
}

void Reconciler::Run() {
  const MutexLock lock(mutex_);
  while (!stopping_) {
    if (under_way_ < options_.most_looks) {
      const size_t room = options_.most_looks - under_way_;
      under_way_ += room;
      const MutexUnlock unlock(mutex_);
      TakeDue(room);
    }
    const SteadyTime next = SteadyTime::Now() + options_.every;
    while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
    }
  }
}

void Reconciler::TakeDue(size_t most) {
  ledger_.Take({.limit = most}, [this, most](absl::StatusOr<std::vector<Entry>> taken) {
    size_t left = most;
    // If the ledger cannot be read, that is reported elsewhere.
    if (taken.ok()) {
      for (Entry& entry : *taken) {
        if (IsStopping()) break;
        --left;
        Begin(std::move(entry), SteadyTime::Now() + options_.read_deadline,
              std::make_shared<BegunCall>(), nullptr);
      }
    }
    Leave(left);
  });
}

}  // namespace gateway
