#include "service/call/events/streaming_pull_call.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/hash/hash.h"
#include "gateway/events/v1/requests.pb.h"
#include "service/call/byte_buffer.h"
#include "service/call/events/current_reading.h"
#include "service/call/events/hand_outs.h"
#include "service/call/events/received_events.h"
#include "service/call/events/stream_answers.h"
#include "service/generation/slot.h"
#include "upstream/mutex.h"

namespace gateway {
namespace {

using event_request::Bad;
using event_request::Texts;
using events::AckId;
using events::Effects;
using events::ModifyRequest;
using events::Received;
using mapping::Failure;
using mapping::NotSent;
namespace v1 = gateway::events::v1;

// The most that one answer carries, whatever the credits are. The gateway holds two answers of a
// stream at most.
constexpr size_t kEventsOfAnswer = 100;
constexpr size_t kBytesOfAnswer = size_t{1} << 20;

// A stream checks this often whether its configuration is still in force, and whether it is too
// old.
constexpr absl::Duration kBetweenLooks = absl::Seconds(5);

// Shortens the age by up to a tenth, so that streams that began together do not end together.
absl::Duration Spread(absl::Duration age, const void* stream) {
  return age - age * static_cast<int64_t>(absl::HashOf(stream) % 100) / 1000;
}

class StreamingPull final : public EventCall {
 public:
  StreamingPull(const Surroundings& surroundings, gateway::Method& method,
                const EventSurroundings& events, grpc::CallbackServerContext& context,
                grpc::ByteBuffer& reply)
      : EventCall(surroundings, method, events, context, reply), in_force_(surroundings.in_force) {}

  // Gives back the written events if the consumer is gone. This is certain only now: at first, a
  // cancelled call looks as if the consumer had closed its side.
  ~StreamingPull() override {
    if (context().IsCancelled()) GoBack(ModifyRequest::kGiveBack, answers_.hand_outs().out());
  }

 private:
  using Ending = std::variant<mapping::Reply, Failure>;
  using Modifications = std::vector<event_request::Modification>;

  // What is to be done without the lock.
  struct Steps {
    bool read = false;
    std::optional<std::string> write = {};  // a serialized answer
    std::optional<Ending> ending = {};      // comes alone

    bool any() const { return read || write || ending; }
  };

  // Holds the lock while a callback changes the stream. The destructor then begins all that can be
  // done now, or concludes the call: after that the stream may be destroyed.
  class ABSL_SCOPED_LOCKABLE Turn {
   public:
    explicit Turn(StreamingPull& stream) ABSL_EXCLUSIVE_LOCK_FUNCTION(stream.mutex_)
        : stream_(stream) {
      stream_.mutex_.Lock();
    }
    // Clang does not see that stream_ is the stream whose lock is held.
    ~Turn() ABSL_UNLOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS { stream_.Act(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    StreamingPull& stream_;
  };

  // Unlocks, and takes all steps that can be taken now. Only one thread at a time takes steps: if
  // another thread does already, it will see what has changed. While it does, the call is not
  // concluded, and so the stream lives. The lock is not held during a step, because gRPC may call
  // OnCancel within it, and end other calls (see UnaryCall::InternalInlineable).
  void Act() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (std::exchange(acting_, true)) return mutex_.Unlock();
    for (Steps steps = Advance(); steps.any(); steps = Advance()) {
      mutex_.Unlock();
      if (steps.ending) return ConcludeWith(*std::move(steps.ending));
      if (steps.read) ReadMessage();
      if (steps.write) WriteMessage(ToBuffer(*std::move(steps.write)));
      mutex_.Lock();
    }
    acting_ = false;
    mutex_.Unlock();
  }

  void Serve(absl::string_view message) override {
    v1::StreamingPullRequest request;
    if (!Accept(message, request)) return;
    subscription_ = request.subscription();
    with_current_ = request.with_current();
    PullCredits credits;
    if (auto problem = credits.Begin(request.add_events(), BytesOf(request))) {
      return Fail(Bad(problem->field, problem->description));
    }
    auto asked = event_request::Modifications(Subscribed(subscription_), request);
    if (auto* failure = std::get_if<Failure>(&asked)) return Fail(std::move(*failure));
    const absl::Duration age = frame().generation()->config.server.max_connection_age;
    ends_ = SteadyTime::Now() + Spread(age, this);
    shared().pulls.Add(waiting_);
    const Turn turn(*this);
    begun_ = true;
    answers_.credits() = credits;
    answers_.MustTell();
    if (ending_) return;
    Ask(std::get<Modifications>(std::move(asked)));
    LookLater();
  }

  void ServeNext(const Next& next) override {
    const Turn turn(*this);
    reading_ = false;
    if (std::holds_alternative<NoMore>(next)) {
      EndWith(mapping::Reply());
    } else if (const auto* failure = std::get_if<Failure>(&next)) {
      EndWith(*failure);
    } else if (MayGoOn() && !ending_) {
      Hear(std::get<absl::string_view>(next));
    }
  }

  void Hear(absl::string_view message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    v1::StreamingPullRequest request;
    if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      return EndWith(Bad("", "the message cannot be read"));
    }
    if (!request.subscription().empty()) {
      return EndWith(Bad("subscription", "is for the first message of a stream"));
    }
    if (request.with_current()) {
      return EndWith(Bad("with_current", "is for the first message of a stream"));
    }
    if (auto problem = answers_.credits().Add(request.add_events(), BytesOf(request))) {
      return EndWith(Bad(problem->field, problem->description));
    }
    auto asked = event_request::Modifications(Subscribed(subscription_), request);
    if (auto* failure = std::get_if<Failure>(&asked)) return EndWith(std::move(*failure));
    Ask(std::get<Modifications>(std::move(asked)));
  }

  static std::optional<int64_t> BytesOf(const v1::StreamingPullRequest& request) {
    if (!request.has_add_bytes()) return std::nullopt;
    return request.add_bytes();
  }

  // Hands a message's modifications to the log. The next message is read when they are done.
  void Ask(Modifications modifications) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    asked_ = modifications.size();
    if (asked_ == 0) answers_.Settle();
    for (event_request::Modification& one : modifications) {
      if (one.request.what != ModifyRequest::kExtend) {
        answers_.hand_outs().Forget(one.request.ack_ids);
      }
      log().Modify(std::move(one.request),
                   [this, texts = std::move(one.texts)](const absl::StatusOr<Effects>& effects) {
                     OnModified(texts, effects);
                   });
    }
  }

  void OnModified(const Texts& texts, const absl::StatusOr<Effects>& effects) {
    const Turn turn(*this);
    --asked_;
    if (!effects.ok()) return EndWith(FailureOf(effects.status()));
    for (int i = 0; i < texts.size(); ++i) {
      if (!(*effects)[static_cast<size_t>(i)]) answers_.AddStale(texts[i]);
    }
    if (asked_ == 0) answers_.Settle();
    answers_.MustTell();
  }

  // Ends the stream and returns false if its generation is no longer in force: the caller's rights
  // may have changed.
  bool MayGoOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (in_force_.Get() == frame().generation()) return true;
    EndWith(mapping::Reply());
    return false;
  }

  void Pull() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    PullCredits& credits = answers_.credits();
    events::PullRequest pull;
    pull.subscription = subscription_;
    pull.max_events = std::min(static_cast<size_t>(credits.events()), kEventsOfAnswer);
    pull.max_bytes = credits.BytesUpTo(kBytesOfAnswer);
    pull.until = ends_ + kBetweenLooks;  // after the end of the stream
    pull_ = log().Pull(std::move(pull), [this](absl::StatusOr<std::vector<Received>> received) {
      OnReceived(std::move(received));
    });
  }

  void OnReceived(absl::StatusOr<std::vector<Received>> received) {
    if (!received.ok()) {
      const Turn turn(*this);
      pull_.reset();
      return EndWith(FailureOf(received.status()));
    }
    opened_ = OpenReceived(*std::move(received), shared().events);
    if (!MustRead(opened_, with_current_)) return HandOver({});
    const auto reading =
        ReadingOf(opened_, {subscription_, with_current_, SteadyTime::InfiniteFuture()},
                  [this](std::vector<Current> currents) {
                    TakeOutUntrue(subscription_, opened_, currents);
                    HandOver(currents);
                  });
    {
      const MutexLock lock(mutex_);
      current_ = reading;
      if (ending_) reading->Stop();
    }
    // The reading may end the call, and destroy it, before Start returns.
    reading->Start();
  }

  // Called while pull_ is set, so by one thread at a time.
  void HandOver(const std::vector<Current>& currents) {
    ShownEvents shown = Shown(opened_, currents, subscription_);
    const std::vector<OpenedEvent> opened = std::exchange(opened_, {});
    const Turn turn(*this);
    pull_.reset();
    current_.reset();
    if (!opened.empty() && (!MayGoOn() || ending_)) {
      return GoBack(ModifyRequest::kTakeBack, HandOutsOf(opened));
    }
    frame().NoteReply({"", std::move(shown.drift), ""});
    if (opened.empty()) return;
    answers_.Keep({std::move(shown.response), HandOutsOf(opened), CreditBytes(opened, currents)});
  }

  void GoBack(ModifyRequest::What what, const HandOuts::ByNumber& hand_outs) {
    std::vector<AckId> ids;
    ids.reserve(hand_outs.size());
    for (const auto& [number, id] : hand_outs) ids.push_back(id);
    GiveBack(subscription_, what, std::move(ids));
  }

  void OnWritten(bool fine) override {
    const Turn turn(*this);
    writing_ = false;
    if (fine) return answers_.hand_outs().Written();
    GoBack(ModifyRequest::kTakeBack, answers_.hand_outs().TakeUnwritten());
    EndWith(Cancelled());
  }

  static Failure Cancelled() {
    return NotSent(absl::StatusCode::kCancelled, "CANCELLED", "the call has ended");
  }

  void LookLater() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Duration pause =
        std::clamp(ends_ - SteadyTime::Now(), absl::ZeroDuration(), absl::Duration(kBetweenLooks));
    // A new alarm for each look, because this may run in the callback of the last alarm.
    clock_.emplace();
    clock_->Set(
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                     gpr_time_from_millis(absl::ToInt64Milliseconds(pause) + 1, GPR_TIMESPAN)),
        [this](bool) { Look(); });
    looking_ = true;
  }

  void Look() {
    const Turn turn(*this);
    looking_ = false;
    if (SteadyTime::Now() >= ends_) EndWith(mapping::Reply());
    if (MayGoOn() && !ending_) LookLater();
  }

  // Only the first ending counts.
  void EndWith(Ending ending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ending_) ending_ = std::move(ending);
  }

  // Begins what needs no step, and returns the steps that can be taken now. Once there is an ending
  // and nothing is under way, returns the ending: no step may follow it.
  Steps Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ending_) return GoOn();
    LetGo();
    const bool tells = answers_.must_tell() && std::holds_alternative<mapping::Reply>(*ending_);
    if (tells && !writing_ && asked_ == 0) return {.write = TakeAnswer()};
    if (pull_ || writing_ || asked_ > 0 || looking_) return {};
    return {.ending = ending_};
  }

  Steps GoOn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Steps steps;
    const bool has_room = answers_.stale() < static_cast<size_t>(event_request::kMost);
    if (!reading_ && asked_ == 0 && has_room) steps.read = reading_ = true;
    if (!writing_ && answers_.any()) steps.write = TakeAnswer();
    if (!pull_ && !writing_ && !answers_.has_events() && answers_.credits().any()) Pull();
    return steps;
  }

  std::string TakeAnswer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    return answers_.Take();
  }

  void ConcludeWith(Ending ending) {
    shared().pulls.Remove(waiting_);
    std::visit([this](auto& end) { Conclude({std::move(end)}); }, ending);
  }

  // Once: cancels what the ending need not wait for, and takes back the events that nobody has
  // seen.
  void LetGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(let_go_, true)) return;
    if (pull_) log().CancelPull(*pull_);
    if (current_) current_->Stop();
    if (clock_) clock_->Cancel();
    GoBack(ModifyRequest::kTakeBack, answers_.DropEvents());
  }

  // Must not conclude the call itself: InFlight may hold its lock here, and the end of a call needs
  // this lock (see in_flight.h). The next callback concludes the call: LetGo cancels the alarm, so
  // at least Look is called.
  void Stop() override {
    const MutexLock lock(mutex_);
    EndWith(Cancelled());
    if (begun_) LetGo();
  }

  void Drain() {
    const MutexLock lock(mutex_);
    EndWith(begun_ ? Ending(mapping::Reply())
                   : NotSent(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "the gateway stops"));
    if (begun_) LetGo();
  }

  class Waiting final : public InFlight::Member {
   public:
    explicit Waiting(StreamingPull& stream) : stream_(stream) {}
    void Abort() override { stream_.Drain(); }

   private:
    StreamingPull& stream_;
  };

  const Slot<Generation>& in_force_;
  Waiting waiting_{*this};
  // Constant once the stream has begun.
  std::string subscription_;
  bool with_current_ = false;
  SteadyTime ends_;
  // The events of the pull that is under way. Only the thread that answers the pull uses them.
  std::vector<OpenedEvent> opened_;

  Mutex mutex_;
  // What is under way; for each of these a callback is still to come:
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool looking_ ABSL_GUARDED_BY(mutex_) = false;
  size_t asked_ ABSL_GUARDED_BY(mutex_) = 0;                    // modifications in the log
  std::optional<events::PullId> pull_ ABSL_GUARDED_BY(mutex_);  // until its events are in answers_
  std::shared_ptr<CurrentReading> current_ ABSL_GUARDED_BY(mutex_);
  StreamAnswers answers_ ABSL_GUARDED_BY(mutex_);
  // The stream's life:
  std::optional<grpc::Alarm> clock_ ABSL_GUARDED_BY(mutex_);
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Ending> ending_ ABSL_GUARDED_BY(mutex_);
  bool let_go_ ABSL_GUARDED_BY(mutex_) = false;
  bool acting_ ABSL_GUARDED_BY(mutex_) = false;  // a thread takes steps, or has concluded the call
};

}  // namespace

UnaryCall* NewStreamingPull(const Surroundings& surroundings, Method& method,
                            const EventSurroundings& events, grpc::CallbackServerContext& context,
                            grpc::ByteBuffer& reply) {
  return new StreamingPull(surroundings, method, events, context, reply);
}

}  // namespace gateway
