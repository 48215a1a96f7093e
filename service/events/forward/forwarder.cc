#include "service/events/forward/forwarder.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/time/clock.h"
#include "service/log/log.h"

namespace gateway::events {
namespace {

// How long a pull waits for events before the next pull begins.
constexpr absl::Duration kPullTime = absl::Minutes(1);
// The pause after the log has refused a pull.
constexpr absl::Duration kLogPause = absl::Seconds(1);

bool IsTaken(Handover handover) {
  return handover == Handover::kTaken || handover == Handover::kDuplicate;
}

}  // namespace

Forwarder::Forwarder(ForwarderOptions options, EventLog& log,
                     std::shared_ptr<ledger::ReplyCipher> cipher,
                     const webhooks::EventReader& reader, CurrentTarget target)
    : options_(std::move(options)),
      log_(log),
      cipher_(std::move(cipher)),
      reader_(reader),
      target_(std::move(target)),
      pacing_(options_.pacing),
      thread_([this] { Run(); }) {}

Forwarder::~Forwarder() {
  Stop();
  thread_.join();
  const MutexLock lock(mutex_);
  while (in_flight_ > 0) changed_.Wait(mutex_);
}

void Forwarder::Stop() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  if (pull_) log_.CancelPull(*pull_);
  changed_.NotifyAll();
}

uint64_t Forwarder::count(Handover handover) const {
  return counts_[static_cast<size_t>(handover)].load(std::memory_order_relaxed);
}

size_t Forwarder::in_flight() const {
  const MutexLock lock(mutex_);
  return in_flight_;
}

bool Forwarder::failing() const {
  const MutexLock lock(mutex_);
  return pacing_.failing();
}

void Forwarder::Run() {
  while (const size_t room = AwaitRoom()) {
    std::vector<Received> received = Pull(room);
    size_t begun = 0;
    for (; begun < received.size(); ++begun) {
      {
        // A hand-over may have failed during the pull: then fewer events may begin.
        const MutexLock lock(mutex_);
        if (stopping_ || RoomNow(SteadyTime::Now()) == 0) break;
        ++in_flight_;
      }
      Begin(std::move(received[begun]));
    }
    TakeBack(received, begun);
  }
}

size_t Forwarder::AwaitRoom() {
  const MutexLock lock(mutex_);
  while (!stopping_) {
    const SteadyTime now = SteadyTime::Now();
    if (const size_t room = RoomNow(now)) return room;
    if (pacing_.paused(now)) {
      changed_.WaitUntil(mutex_, pacing_.resume());
    } else {
      changed_.Wait(mutex_);
    }
  }
  return 0;
}

size_t Forwarder::RoomNow(SteadyTime now) const {
  if (pacing_.paused(now)) return 0;
  return pacing_.window() - std::min(pacing_.window(), in_flight_);
}

std::vector<Received> Forwarder::Pull(size_t most) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<std::vector<Received>>>>();
  auto future = promise->get_future();
  {
    const MutexLock lock(mutex_);
    if (stopping_) return {};
    PullRequest request{.subscription = options_.subscription, .max_events = most};
    request.until = SteadyTime::Now() + kPullTime;
    pull_ = log_.Pull(std::move(request), [promise](absl::StatusOr<std::vector<Received>> got) {
      promise->set_value(std::move(got));
    });
  }
  absl::StatusOr<std::vector<Received>> received = future.get();
  const SteadyTime end = SteadyTime::Now() + kLogPause;
  const MutexLock lock(mutex_);
  pull_.reset();
  if (received.ok()) return *std::move(received);
  while (!stopping_ && changed_.WaitUntil(mutex_, end)) {
  }
  return {};
}

void Forwarder::Begin(Received received) {
  const Attempt attempt{received.ack_id, received.attempt, SteadyTime::Now()};
  const Head& head = received.event.event.head;
  const webhooks::Scheme* const scheme = reader_.schemes().Find(head.provider);
  const bool signs = scheme == nullptr || scheme->has_signature();
  if (!signs || IsHint(head, received.event.key)) {
    return Ended(attempt, {Handover::kUnsigned, "nobody has signed it"});
  }
  absl::StatusOr<Message> message = MessageOf(received.event, *cipher_, reader_);
  if (!message.ok()) {
    return Ended(attempt, {Handover::kUnreadable, std::string(message.status().message())});
  }
  std::shared_ptr<Target> target = target_();
  Target& takes = *target;
  takes.HandOn(*std::move(message), attempt.begun + options_.timeout,
               [this, attempt, target = std::move(target)](const HandoverResult& result) {
                 Ended(attempt, result);
               });
}

void Forwarder::Ended(const Attempt& attempt, const HandoverResult& result) {
  Count(attempt, result);
  log_.Modify(NextOf(attempt, result), [this](const absl::StatusOr<Effects>&) {
    // The result does not matter: an event that the log could not change is handed out again after
    // its deadline.
    const MutexLock lock(mutex_);
    --in_flight_;
    changed_.NotifyAll();
  });
}

void Forwarder::Count(const Attempt& attempt, const HandoverResult& result) {
  counts_[static_cast<size_t>(result.handover)].fetch_add(1, std::memory_order_relaxed);
  nanoseconds_ += absl::ToInt64Nanoseconds(SteadyTime::Now() - attempt.begun);
  if (IsTaken(result.handover)) return;
  const auto left_out = throttle_.Pass(Name(result.handover), absl::Now());
  if (!left_out) return;
  Log(Severity::kWarning, "an event is not handed on yet",
      {{"forward", options_.subscription},
       {"number", attempt.ack_id.number},
       {"attempt", int64_t{attempt.number}},
       {"result", std::string(Name(result.handover))},
       {"reason", result.reason},
       {"more_since_the_last_line", static_cast<int64_t>(*left_out)}});
}

ModifyRequest Forwarder::NextOf(const Attempt& attempt, const HandoverResult& result) {
  const SteadyTime now = SteadyTime::Now();
  ModifyRequest next{.subscription = options_.subscription, .ack_ids = {attempt.ack_id}};
  const MutexLock lock(mutex_);
  switch (result.handover) {
    case Handover::kTaken:
    case Handover::kDuplicate:
      pacing_.Taken(attempt.begun);
      next.what = ModifyRequest::kAcknowledge;
      return next;
    case Handover::kUnsigned:
      next.what = ModifyRequest::kAcknowledge;
      return next;
    case Handover::kUnreachable:
      pacing_.Failed(attempt.begun, now, result.retry_after, random_);
      next.what = ModifyRequest::kTakeBack;
      return next;
    case Handover::kRefused:
      pacing_.Refused(attempt.begun, now, random_);
      break;
    case Handover::kFailed:
      pacing_.Failed(attempt.begun, now, result.retry_after, random_);
      break;
    case Handover::kGone:
      pacing_.Gone(attempt.begun, now, random_);
      break;
    case Handover::kUnreadable:
      break;
  }
  const bool last = attempt.number >= options_.max_attempts;
  next.what = last ? ModifyRequest::kGiveBack : ModifyRequest::kExtend;
  next.deadline = now + std::max(pacing_.PauseAfter(attempt.number, random_),
                                 result.retry_after.value_or(absl::ZeroDuration()));
  return next;
}

void Forwarder::TakeBack(const std::vector<Received>& received, size_t from) {
  if (from >= received.size()) return;
  ModifyRequest back{.subscription = options_.subscription, .what = ModifyRequest::kTakeBack};
  for (size_t i = from; i < received.size(); ++i) back.ack_ids.push_back(received[i].ack_id);
  log_.Modify(std::move(back), nullptr);
}

}  // namespace gateway::events
