#include "service/reconcile/listening_log.h"

#include <utility>

namespace gateway {

using events::Appended;
using events::Done;
using events::Effects;

void ListeningLog::Append(events::SealedEvent event, Done<Appended> done) {
  const events::Head& head = event.event.head;
  HeardEvent heard{head.provider, head.store, head.resource};
  log_.Append(std::move(event), [this, heard = std::move(heard), done = std::move(done)](
                                    absl::StatusOr<Appended> appended) mutable {
    const bool is_new = appended.ok() && appended->kind != Appended::kDuplicate;
    if (is_new) listener_.Heard(std::move(heard));
    if (done) done(std::move(appended));
  });
}

events::PullId ListeningLog::Pull(events::PullRequest request,
                                  Done<std::vector<events::Received>> done) {
  return log_.Pull(std::move(request), std::move(done));
}

void ListeningLog::CancelPull(events::PullId pull) { log_.CancelPull(pull); }

void ListeningLog::Modify(events::ModifyRequest request, Done<Effects> done) {
  log_.Modify(std::move(request), std::move(done));
}

void ListeningLog::ListDeadLetters(events::DeadLettersRequest request,
                                   Done<std::vector<events::DeadLetter>> done) {
  log_.ListDeadLetters(std::move(request), std::move(done));
}

void ListeningLog::Redeliver(events::RedeliverRequest request, Done<Effects> done) {
  log_.Redeliver(std::move(request), std::move(done));
}

void ListeningLog::Seek(events::SeekRequest request, Done<int64_t> done) {
  log_.Seek(std::move(request), std::move(done));
}

}  // namespace gateway
