#include "service/reconcile/event_listener.h"

#include <memory>
#include <utility>

#include "absl/strings/match.h"

namespace gateway {
namespace {

constexpr absl::Duration kDeadline = absl::Seconds(10);

// A guard names the RPC and the resource. A write without a guard may be about anything.
bool MayBeAbout(const ledger::Entry& entry, const HeardEvent& event) {
  return entry.guard.empty() || event.resource.empty() ||
         absl::StrContains(entry.guard, event.resource);
}

}  // namespace

EventListener::~EventListener() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  waiting_.clear();
  while (asking_) idle_.Wait(mutex_);
}

void EventListener::Heard(HeardEvent event) {
  const ledger::LedgerStats stats = ledger_.stats();
  const auto unknown = stats.entries.find(ledger::State::kUnknown);
  if (unknown == stats.entries.end() || unknown->second == 0) return;
  {
    const MutexLock lock(mutex_);
    if (stopping_ || waiting_.size() >= kMostWaiting) return;
    waiting_.push_back(std::move(event));
    if (std::exchange(asking_, true)) return;
  }
  Ask();
}

void EventListener::Ask() {
  HeardEvent event;
  {
    const MutexLock lock(mutex_);
    if (waiting_.empty()) {
      asking_ = false;
      idle_.NotifyAll();
      return;
    }
    event = std::move(waiting_.front());
    waiting_.pop_front();
  }
  ledger::ListRequest request;
  request.state = ledger::State::kUnknown;
  request.upstream = event.upstream;
  if (!event.store.empty()) request.store = event.store;
  ledger_.List(std::move(request),
               [this, event = std::move(event)](const absl::StatusOr<ledger::ListPage>& page) {
                 LookAtThose(event, page);
                 Ask();
               });
}

void EventListener::LookAtThose(const HeardEvent& event,
                                const absl::StatusOr<ledger::ListPage>& page) {
  // If the ledger cannot be read, that is reported elsewhere.
  if (!page.ok()) return;
  size_t looks = 0;
  for (const ledger::Entry& entry : page->entries) {
    if (looks == kMostLooks) return;
    if (!MayBeAbout(entry, event)) continue;
    ++looks;
    reconciler_.LookAt(entry.id, SteadyTime::Now() + kDeadline, std::make_shared<BegunCall>(),
                       [](const absl::StatusOr<ledger::Entry>&) {});
  }
}

}  // namespace gateway
