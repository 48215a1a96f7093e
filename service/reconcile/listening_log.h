// A log of events that passes all calls on to the log behind it, and each appended event that is no
// duplicate to an EventListener.
//
// Thread-safety, errors: like EventLog. Lifetime: log and listener must outlive the ListeningLog
// and the calls of `done`.
#ifndef SERVICE_RECONCILE_LISTENING_LOG_H_
#define SERVICE_RECONCILE_LISTENING_LOG_H_

#include <string>
#include <vector>

#include "service/events/event_log.h"
#include "service/reconcile/event_listener.h"

namespace gateway {

class ListeningLog final : public events::EventLog {
 public:
  ListeningLog(events::EventLog& log, EventListener& listener) : log_(log), listener_(listener) {}

  void Append(events::SealedEvent event, events::Done<events::Appended> done) override;
  absl::Time facts_since() const override { return log_.facts_since(); }
  events::PullId Pull(events::PullRequest request,
                      events::Done<std::vector<events::Received>> done) override;
  void CancelPull(events::PullId pull) override;
  void Modify(events::ModifyRequest request, events::Done<events::Effects> done) override;
  void ListDeadLetters(events::DeadLettersRequest request,
                       events::Done<std::vector<events::DeadLetter>> done) override;
  void Redeliver(events::RedeliverRequest request, events::Done<events::Effects> done) override;
  void Seek(events::SeekRequest request, events::Done<int64_t> done) override;
  const std::string& ack_secret() const override { return log_.ack_secret(); }
  events::LogStats stats() const override { return log_.stats(); }

 private:
  events::EventLog& log_;
  EventListener& listener_;
};

}  // namespace gateway

#endif  // SERVICE_RECONCILE_LISTENING_LOG_H_
