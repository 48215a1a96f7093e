#include "service/call/events/pull_call.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/events/v1/requests.pb.h"
#include "service/call/call_metadata.h"
#include "service/call/events/current_reading.h"
#include "service/call/events/received_events.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

using event_request::Bad;
using event_request::SizeOf;
using events::ModifyRequest;
using events::Received;
using mapping::NotSent;
namespace v1 = gateway::events::v1;

// How long a pull waits if its caller sets no deadline.
constexpr absl::Duration kDefaultWait = absl::Seconds(30);

constexpr size_t kMostWithCurrent = 100;
constexpr absl::Duration kTimeToRead = absl::Seconds(5);

// Returns the time by which a pull is answered, so that the answer still reaches its caller. Events
// in an answer that arrives too late come back only after their acknowledgement deadline.
SteadyTime AnswerBy(SteadyTime deadline) {
  const SteadyTime now = SteadyTime::Now();
  const absl::Duration left = std::max(deadline - now, absl::ZeroDuration());
  return now + left - std::clamp(left / 10, absl::Milliseconds(20), absl::Milliseconds(500));
}

// Returns until when a pull with reads waits for events, so that there is time left for the reads.
SteadyTime LeaveTimeToRead(SteadyTime answer_by) {
  const SteadyTime now = SteadyTime::Now();
  const absl::Duration left = std::max(answer_by - now, absl::ZeroDuration());
  return answer_by - std::min(left / 2, absl::Duration(kTimeToRead));
}

// The call may be cancelled while the log hands events to it. Nobody has seen these events then, so
// they are taken back as if they had not been handed out.
class Pull final : public EventCall {
 public:
  using EventCall::EventCall;

 private:
  void Serve(absl::string_view message) override {
    v1::PullRequest request;
    if (!Accept(message, request)) return;
    std::optional<size_t> most = SizeOf(request.max_events());
    if (!most) return Fail(Bad("max_events", "must be from 0 to 1000"));
    subscription_ = request.subscription();
    with_current_ = request.with_current();
    const SteadyTime deadline = TermsOf(context(), kDefaultWait).deadline;
    answer_by_ = AnswerBy(deadline);
    events::PullRequest pull;
    pull.subscription = subscription_;
    pull.max_events = with_current_ ? std::min(*most, kMostWithCurrent) : *most;
    pull.until = with_current_ ? LeaveTimeToRead(answer_by_) : answer_by_;
    shared().pulls.Add(waiting_);
    const MutexLock lock(mutex_);
    pull_ = log().Pull(std::move(pull), [this](absl::StatusOr<std::vector<Received>> received) {
      {
        // Waits until Serve has released the mutex: after this the call may end.
        const MutexLock let_go(mutex_);
        pull_.reset();
      }
      OnReceived(std::move(received));
    });
    if (stopped_) log().CancelPull(*pull_);
  }

  void Stop() override {
    const MutexLock lock(mutex_);
    stopped_ = true;
    if (pull_) log().CancelPull(*pull_);
    if (reading_) reading_->Stop();
  }

  void OnReceived(absl::StatusOr<std::vector<Received>> received) {
    if (!received.ok()) return End({FailureOf(received.status())});
    opened_ = OpenReceived(*std::move(received), shared().events);
    if (!MustRead(opened_, with_current_)) return HandOver({});
    const auto reading = ReadingOf(opened_, {subscription_, with_current_, answer_by_},
                                   [this](std::vector<Current> currents) {
                                     TakeOutUntrue(subscription_, opened_, currents);
                                     HandOver(currents);
                                   });
    {
      const MutexLock lock(mutex_);
      reading_ = reading;
      if (stopped_) reading->Stop();
    }
    // The reading may end the call, and destroy it, before Start returns.
    reading->Start();
  }

  void HandOver(const std::vector<Current>& currents) {
    if (context().IsCancelled()) {
      std::vector<events::AckId> ids;
      for (const OpenedEvent& one : opened_) ids.push_back(one.received.ack_id);
      GiveBack(subscription_, ModifyRequest::kTakeBack, std::move(ids));
      return End({NotSent(absl::StatusCode::kCancelled, "CANCELLED", "the call has ended")});
    }
    ShownEvents shown = Shown(opened_, currents, subscription_);
    End({mapping::Reply{std::move(shown.response), std::move(shown.drift), ""}});
  }

  void End(Answer answer) {
    shared().pulls.Remove(waiting_);
    Conclude(std::move(answer));
  }

  // The call as a member of `pulls`: a drain aborts it, and the call is answered without events.
  class Waiting final : public InFlight::Member {
   public:
    explicit Waiting(Pull& pull) : pull_(pull) {}
    void Abort() override { pull_.Stop(); }

   private:
    Pull& pull_;
  };

  Waiting waiting_{*this};
  std::string subscription_;
  bool with_current_ = false;
  SteadyTime answer_by_;
  // Used only by the thread that answers the pull.
  std::vector<OpenedEvent> opened_;
  Mutex mutex_;
  std::optional<events::PullId> pull_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<CurrentReading> reading_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

UnaryCall* NewPull(const Surroundings& surroundings, Method& method,
                   const EventSurroundings& events, grpc::CallbackServerContext& context,
                   grpc::ByteBuffer& reply) {
  return new Pull(surroundings, method, events, context, reply);
}

}  // namespace gateway
