// Has writes of unknown outcome looked at when a webhook comes. An event about an order, session or
// subscription may come from such a write, whose next look may be an hour away.
//
//   event -> UNKNOWN entries of its upstream and store that may be about its resource (MayBeAbout)
//         -> Reconciler::LookAt for each entry
//
// The event itself settles nothing: the upstream is read, as always. So a forged or late event does
// no harm.
//
// Thread-safety: Heard may be called from any thread, and does not block. Lifetime: the
// constructor's arguments must outlive it. The destructor waits for the ledger's answer.
#ifndef SERVICE_RECONCILE_EVENT_LISTENER_H_
#define SERVICE_RECONCILE_EVENT_LISTENER_H_

#include <cstddef>
#include <deque>
#include <string>

#include "absl/status/statusor.h"
#include "service/ledger/ledger.h"
#include "service/reconcile/reconciler.h"
#include "upstream/mutex.h"

namespace gateway {

struct HeardEvent {
  std::string upstream;  // "paynow"
  std::string store;     // "": the event names none
  std::string resource;  // "": the event names none
};

class EventListener {
 public:
  // How many events may wait. Further events are dropped: the entries are looked at later anyway.
  static constexpr size_t kMostWaiting = 1000;
  // The most entries that are looked at because of one event.
  static constexpr size_t kMostLooks = 20;

  EventListener(ledger::Ledger& ledger, Reconciler& reconciler)
      : ledger_(ledger), reconciler_(reconciler) {}
  ~EventListener();
  EventListener(const EventListener&) = delete;
  EventListener& operator=(const EventListener&) = delete;

  void Heard(HeardEvent event);

 private:
  // Asks the ledger for the entries of the first event that waits, for one event at a time.
  void Ask();
  void LookAtThose(const HeardEvent& event, const absl::StatusOr<ledger::ListPage>& page);

  ledger::Ledger& ledger_;
  Reconciler& reconciler_;
  Mutex mutex_;
  CondVar idle_;
  std::deque<HeardEvent> waiting_ ABSL_GUARDED_BY(mutex_);
  bool asking_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_EVENT_LISTENER_H_
