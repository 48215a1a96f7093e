#include "service/call/events/replay_call.h"

#include <google/protobuf/util/time_util.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/events/v1/requests.pb.h"
#include "upstream/mapping/formats.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {
namespace {

using event_request::Bad;
using event_request::kMost;
using event_request::SizeOf;
using events::Effects;
namespace v1 = gateway::events::v1;

google::protobuf::Timestamp TimestampOf(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

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
      if (Signs(letter.head.provider)) shown.set_event_id(letter.head.id);
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

  // Else its events have the ids that somebody chose.
  bool Signs(const std::string& provider) const {
    const webhooks::Scheme* const scheme = shared().reader.schemes().Find(provider);
    return scheme == nullptr || scheme->has_signature();
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

}  // namespace

UnaryCall* NewListDeadLetters(const Surroundings& surroundings, Method& method,
                              const EventSurroundings& events, grpc::CallbackServerContext& context,
                              grpc::ByteBuffer& reply) {
  return new ListDeadLetters(surroundings, method, events, context, reply);
}

UnaryCall* NewRedeliver(const Surroundings& surroundings, Method& method,
                        const EventSurroundings& events, grpc::CallbackServerContext& context,
                        grpc::ByteBuffer& reply) {
  return new Redeliver(surroundings, method, events, context, reply);
}

UnaryCall* NewSeek(const Surroundings& surroundings, Method& method,
                   const EventSurroundings& events, grpc::CallbackServerContext& context,
                   grpc::ByteBuffer& reply) {
  return new Seek(surroundings, method, events, context, reply);
}

}  // namespace gateway
