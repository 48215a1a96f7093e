#include "service/call/event_call.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/events/v1/requests.pb.h"
#include "service/call/call_metadata.h"
#include "service/call/received_events.h"
#include "service/call/served_call.h"
#include "upstream/mapping/formats.h"

namespace gateway {
namespace {

using events::AckId;
using events::Effects;
using events::ModifyRequest;
using mapping::Failure;
using mapping::NotSent;
namespace v1 = gateway::events::v1;

constexpr char kService[] = "gateway.events.v1.EventService";

// A pull without a deadline of its own.
constexpr absl::Duration kDefaultWait = absl::Seconds(30);

constexpr int kMost = 1000;
constexpr int kUsual = 100;
constexpr absl::Duration kLongestDeadline = absl::Hours(1);

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

Failure Bad(const char* field, absl::string_view description) {
  Failure failure = NotSent(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                            absl::StrCat(field, ": ", description));
  failure.violations.push_back({field, std::string(description)});
  return failure;
}

Failure NoSubscription() {
  return NotSent(absl::StatusCode::kNotFound, "SUBSCRIPTION_NOT_FOUND",
                 "the configuration has no such subscription");
}

Failure FailureOf(const absl::Status& status) {
  if (absl::IsNotFound(status)) return NoSubscription();
  if (absl::IsInvalidArgument(status)) {
    return NotSent(status.code(), "INVALID_REQUEST", status.message());
  }
  return NotSent(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE", status.message());
}

// When a pull is answered without events: so that its answer gets to its caller. What comes too
// late is handed out again, after the acknowledgement deadline alone.
SteadyTime AnswerBy(SteadyTime deadline) {
  const SteadyTime now = SteadyTime::Now();
  const absl::Duration left = std::max(deadline - now, absl::ZeroDuration());
  return now + left - std::clamp(left / 10, absl::Milliseconds(20), absl::Milliseconds(500));
}

// 0: the usual number. Nothing where it is out of bounds.
std::optional<size_t> SizeOf(int32_t asked) {
  if (asked < 0 || asked > kMost) return std::nullopt;
  return static_cast<size_t>(asked == 0 ? kUsual : asked);
}

class EventCall : public ServedCall {
 public:
  EventCall(const Surroundings& surroundings, gateway::Method& method,
            const EventSurroundings& shared, grpc::CallbackServerContext& context,
            grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply), shared_(shared) {}

 protected:
  const EventSurroundings& shared() const { return shared_; }
  events::EventLog& log() { return *shared_.events.log; }

  void Reply(const google::protobuf::Message& message) {
    Conclude({mapping::Reply{message.SerializeAsString(), {}, ""}});
  }
  void Fail(Failure failure) { Conclude({std::move(failure)}); }

  // Whether the bytes are such a message, and its subscription one that the caller may use. Else
  // the call is concluded.
  template <typename Request>
  bool Accept(absl::string_view bytes, Request& request) {
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      Fail(Bad("", "the message cannot be read"));
      return false;
    }
    if (request.subscription().empty()) {
      Fail(Bad("subscription", "is required"));
      return false;
    }
    const auto found = shared_.events.subscriptions.find(request.subscription());
    if (found == shared_.events.subscriptions.end()) {
      Fail(NoSubscription());
      return false;
    }
    const events::Filter& filter = found->second.filter;
    if (auto refusal = frame().CheckSubscription(filter.providers, filter.stores)) {
      Fail(*std::move(refusal));
      return false;
    }
    return true;
  }

  // The ids, or nothing where one of them is no ack id of the subscription.
  std::optional<std::vector<AckId>> IdsOf(
      const std::string& subscription,
      const google::protobuf::RepeatedPtrField<std::string>& texts) {
    if (texts.empty() || texts.size() > kMost) {
      Fail(Bad("ack_ids", "must be 1 to 1000"));
      return std::nullopt;
    }
    std::vector<AckId> ids;
    for (const std::string& text : texts) {
      const auto id = events::ParseAckId(text, log().ack_secret(), subscription);
      if (!id) {
        Fail(Bad("ack_ids", "one of them is no ack_id of this subscription"));
        return std::nullopt;
      }
      ids.push_back(*id);
    }
    return ids;
  }

 private:
  const EventSurroundings& shared_;
};

// The call may end while the log hands events to it. They go back then, as if they had never left:
// nobody has seen them.
class Pull final : public EventCall {
 public:
  using EventCall::EventCall;

 private:
  void Serve(absl::string_view message) override {
    v1::PullRequest request;
    if (!Accept(message, request)) return;
    const std::optional<size_t> most = SizeOf(request.max_events());
    if (!most) return Fail(Bad("max_events", "must be from 0 to 1000"));
    subscription_ = request.subscription();
    events::PullRequest pull;
    pull.subscription = subscription_;
    pull.max_events = *most;
    pull.until = AnswerBy(TermsOf(context(), kDefaultWait).deadline);
    shared().pulls.Add(waiting_);
    const std::lock_guard lock(mutex_);
    pull_ =
        log().Pull(std::move(pull), [this](absl::StatusOr<std::vector<events::Received>> received) {
          {
            // Serve has let go of the call before it may end.
            const std::lock_guard let_go(mutex_);
            pull_.reset();
          }
          shared().pulls.Remove(waiting_);
          OnReceived(std::move(received));
        });
    if (stopped_) log().CancelPull(*pull_);
  }

  void Stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (pull_) log().CancelPull(*pull_);
  }

  void OnReceived(absl::StatusOr<std::vector<events::Received>> received) {
    if (!received.ok()) return Fail(FailureOf(received.status()));
    if (context().IsCancelled()) {
      TakeBack(*received);
      return Fail(NotSent(absl::StatusCode::kCancelled, "CANCELLED", "the call has ended"));
    }
    ShownEvents shown = ShowReceived(*received, subscription_, shared().events, shared().reader);
    Conclude({mapping::Reply{std::move(shown.response), std::move(shown.drift), ""}});
  }

  void TakeBack(const std::vector<events::Received>& received) {
    if (received.empty()) return;
    ModifyRequest back{.subscription = subscription_, .what = ModifyRequest::kTakeBack};
    for (const events::Received& one : received) back.ack_ids.push_back(one.ack_id);
    log().Modify(std::move(back), nullptr);
  }

  // As a pull that a drain ends: with an answer.
  class Waiting final : public InFlight::Member {
   public:
    explicit Waiting(Pull& pull) : pull_(pull) {}
    void Abort() override { pull_.Stop(); }

   private:
    Pull& pull_;
  };

  Waiting waiting_{*this};
  std::string subscription_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<events::PullId> pull_;
  bool stopped_ = false;
};

// Acknowledge and ModifyAckDeadline.
template <typename Response>
class Modify : public EventCall {
 public:
  using EventCall::EventCall;

 protected:
  void Ask(ModifyRequest request, const google::protobuf::RepeatedPtrField<std::string>& texts) {
    auto ids = IdsOf(request.subscription, texts);
    if (!ids) return;
    request.ack_ids = *std::move(ids);
    log().Modify(std::move(request),
                 [this, shown = std::vector<std::string>(texts.begin(), texts.end())](
                     const absl::StatusOr<Effects>& effects) {
                   if (!effects.ok()) return Fail(FailureOf(effects.status()));
                   Response response;
                   for (size_t i = 0; i < shown.size(); ++i) {
                     if (!(*effects)[i]) response.add_stale_ack_ids(shown[i]);
                   }
                   Reply(response);
                 });
  }
};

class Acknowledge final : public Modify<v1::AcknowledgeResponse> {
 public:
  using Modify::Modify;

 private:
  void Serve(absl::string_view message) override {
    v1::AcknowledgeRequest request;
    if (!Accept(message, request)) return;
    Ask({.subscription = request.subscription(), .what = ModifyRequest::kAcknowledge},
        request.ack_ids());
  }
};

class ModifyAckDeadline final : public Modify<v1::ModifyAckDeadlineResponse> {
 public:
  using Modify::Modify;

 private:
  void Serve(absl::string_view message) override {
    v1::ModifyAckDeadlineRequest request;
    if (!Accept(message, request)) return;
    const absl::Duration time = absl::Seconds(request.ack_deadline().seconds()) +
                                absl::Nanoseconds(request.ack_deadline().nanos());
    if (!request.has_ack_deadline()) return Fail(Bad("ack_deadline", "is required"));
    if (time < absl::ZeroDuration() || time > kLongestDeadline) {
      return Fail(Bad("ack_deadline", "must be from 0 to an hour"));
    }
    const bool gives_back = time == absl::ZeroDuration();
    Ask({.subscription = request.subscription(),
         .what = gives_back ? ModifyRequest::kGiveBack : ModifyRequest::kExtend,
         .deadline = SteadyTime::Now() + time},
        request.ack_ids());
  }
};

class ListDeadLetters final : public EventCall {
 public:
  using EventCall::EventCall;

 private:
  void Serve(absl::string_view message) override {
    v1::ListDeadLettersRequest request;
    if (!Accept(message, request)) return;
    const std::optional<size_t> size = SizeOf(request.page_size());
    if (!size) return Fail(Bad("page_size", "must be from 0 to 1000"));
    int64_t after = 0;
    if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &after)) {
      return Fail(Bad("page_token", "is of no page"));
    }
    log().ListDeadLetters(
        {.subscription = request.subscription(), .after = after, .limit = *size},
        [this, size = *size](const absl::StatusOr<std::vector<events::DeadLetter>>& letters) {
          ReplyWith(letters, size);
        });
  }

  void ReplyWith(const absl::StatusOr<std::vector<events::DeadLetter>>& letters, size_t size) {
    if (!letters.ok()) return Fail(FailureOf(letters.status()));
    v1::ListDeadLettersResponse response;
    for (const events::DeadLetter& letter : *letters) {
      v1::DeadLetter& shown = *response.add_dead_letters();
      shown.set_number(letter.head.number);
      shown.set_provider(letter.head.provider);
      shown.set_event_id(letter.head.id);
      shown.set_type(letter.head.type);
      shown.set_store(letter.head.store);
      *shown.mutable_receive_time() = TimestampOf(letter.head.received);
      *shown.mutable_dead_time() = TimestampOf(letter.since);
      shown.set_delivery_attempts(letter.attempts);
    }
    if (letters->size() == size) {
      response.set_next_page_token(absl::StrCat(letters->back().head.number));
    }
    Reply(response);
  }
};

class Redeliver final : public EventCall {
 public:
  using EventCall::EventCall;

 private:
  void Serve(absl::string_view message) override {
    v1::RedeliverRequest request;
    if (!Accept(message, request)) return;
    if (request.numbers().empty() || request.numbers_size() > kMost) {
      return Fail(Bad("numbers", "must be 1 to 1000"));
    }
    std::vector<int64_t> numbers(request.numbers().begin(), request.numbers().end());
    log().Redeliver({.subscription = request.subscription(), .numbers = numbers},
                    [this, numbers](const absl::StatusOr<Effects>& effects) {
                      if (!effects.ok()) return Fail(FailureOf(effects.status()));
                      v1::RedeliverResponse response;
                      for (size_t i = 0; i < numbers.size(); ++i) {
                        if (!(*effects)[i]) response.add_not_found(numbers[i]);
                      }
                      Reply(response);
                    });
  }
};

class Seek final : public EventCall {
 public:
  using EventCall::EventCall;

 private:
  void Serve(absl::string_view message) override {
    v1::SeekRequest request;
    if (!Accept(message, request)) return;
    events::SeekRequest seek{.subscription = request.subscription(), .target = int64_t{0}};
    switch (request.target_case()) {
      case v1::SeekRequest::kTime:
        if (!mapping::IsValid({request.time().seconds(), request.time().nanos()})) {
          return Fail(Bad("time", "is no time"));
        }
        seek.target = absl::FromUnixSeconds(request.time().seconds()) +
                      absl::Nanoseconds(request.time().nanos());
        break;
      case v1::SeekRequest::kNumber:
        if (request.number() < 1) return Fail(Bad("number", "must be 1 or more"));
        seek.target = int64_t{request.number()};
        break;
      case v1::SeekRequest::TARGET_NOT_SET:
        return Fail(Bad("target", "time or number is required"));
    }
    log().Seek(std::move(seek), [this](const absl::StatusOr<int64_t>& number) {
      if (!number.ok()) return Fail(FailureOf(number.status()));
      v1::SeekResponse response;
      response.set_number(*number);
      Reply(response);
    });
  }
};

template <typename Call>
Endpoint EndpointFor(const Surroundings& surroundings, gateway::Method& method,
                     const EventSurroundings& events) {
  return {&method, "", [&](grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
            return new Call(surroundings, method, events, context, reply);
          }};
}

}  // namespace

std::vector<EventOperation> EventOperations() {
  std::vector<EventOperation> operations;
  const std::set<absl::string_view> audited = {"Redeliver", "Seek"};
  for (const char* name :
       {"Pull", "Acknowledge", "ModifyAckDeadline", "ListDeadLetters", "Redeliver", "Seek"}) {
    const auto access = absl::string_view(name) == "ListDeadLetters" ? mapping::Access::kRead
                                                                     : mapping::Access::kWrite;
    operations.push_back({{absl::StrCat(kService, ".", name), kService, name, access, "", ""},
                          absl::StrCat("/", kService, "/", name),
                          audited.count(name) > 0});
  }
  return operations;
}

Endpoint EventEndpoint(const Surroundings& surroundings, gateway::Method& method,
                       const EventSurroundings& events) {
  const std::string& name = method.operation.method;
  if (name == "Pull") return EndpointFor<Pull>(surroundings, method, events);
  if (name == "Acknowledge") return EndpointFor<Acknowledge>(surroundings, method, events);
  if (name == "ModifyAckDeadline") {
    return EndpointFor<ModifyAckDeadline>(surroundings, method, events);
  }
  if (name == "ListDeadLetters") return EndpointFor<ListDeadLetters>(surroundings, method, events);
  if (name == "Redeliver") return EndpointFor<Redeliver>(surroundings, method, events);
  return EndpointFor<Seek>(surroundings, method, events);
}

}  // namespace gateway
