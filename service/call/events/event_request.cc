#include "service/call/events/event_request.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace gateway::event_request {

using events::AckId;
using events::ModifyRequest;
using mapping::Failure;

namespace {

constexpr size_t kUsual = 100;
constexpr absl::Duration kLongestDeadline = absl::Hours(1);

// Adds the request for these ids to `all`, or returns a failure if an id is wrong.
std::optional<Failure> Add(const Subscribed& subscribed, ModifyRequest request, const char* field,
                           const Texts& texts, std::vector<Modification>& all) {
  auto ids = AckIds(subscribed, field, texts);
  if (auto* failure = std::get_if<Failure>(&ids)) return std::move(*failure);
  request.ack_ids = std::get<std::vector<AckId>>(std::move(ids));
  all.push_back({std::move(request), texts});
  return std::nullopt;
}

}  // namespace

Failure Bad(const char* field, absl::string_view description) {
  Failure failure = mapping::NotSent(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST",
                                     absl::StrCat(field, ": ", description));
  failure.violations.push_back({field, std::string(description)});
  return failure;
}

std::optional<size_t> SizeOf(int32_t asked) {
  if (asked < 0 || asked > kMost) return std::nullopt;
  return asked == 0 ? kUsual : static_cast<size_t>(asked);
}

std::variant<std::vector<AckId>, Failure> AckIds(const Subscribed& subscribed, const char* field,
                                                 const Texts& texts) {
  if (texts.empty() || texts.size() > kMost) return Bad(field, "must be 1 to 1000");
  if (subscribed.secret.empty()) {
    return mapping::NotSent(absl::StatusCode::kUnavailable, "EVENTS_UNAVAILABLE",
                            "the log was not reached yet");
  }
  std::vector<AckId> ids;
  ids.reserve(static_cast<size_t>(texts.size()));
  for (const std::string& text : texts) {
    const auto id = events::ParseAckId(text, subscribed.secret, subscribed.name);
    if (!id) return Bad(field, "one of them is no ack_id of this subscription");
    ids.push_back(*id);
  }
  return ids;
}

std::variant<ModifyRequest, Failure> NewDeadline(const std::string& subscription,
                                                 const google::protobuf::Duration* deadline) {
  if (deadline == nullptr) return Bad("ack_deadline", "is required");
  const absl::Duration time =
      absl::Seconds(deadline->seconds()) + absl::Nanoseconds(deadline->nanos());
  if (time < absl::ZeroDuration() || time > kLongestDeadline) {
    return Bad("ack_deadline", "must be from 0 to an hour");
  }
  const bool gives_back = time == absl::ZeroDuration();
  return ModifyRequest{.subscription = subscription,
                       .what = gives_back ? ModifyRequest::kGiveBack : ModifyRequest::kExtend,
                       .deadline = SteadyTime::Now() + time};
}

std::variant<std::vector<Modification>, Failure> Modifications(
    const Subscribed& subscribed, const events::v1::StreamingPullRequest& request) {
  std::vector<Modification> all;
  if (!request.ack_ids().empty()) {
    ModifyRequest done{.subscription = subscribed.name, .what = ModifyRequest::kAcknowledge};
    auto failure = Add(subscribed, std::move(done), "ack_ids", request.ack_ids(), all);
    if (failure) return *std::move(failure);
  }
  if (!request.deadline_ack_ids().empty()) {
    auto modify = NewDeadline(subscribed.name,
                              request.has_ack_deadline() ? &request.ack_deadline() : nullptr);
    if (auto* failure = std::get_if<Failure>(&modify)) return std::move(*failure);
    auto failure = Add(subscribed, std::get<ModifyRequest>(std::move(modify)), "deadline_ack_ids",
                       request.deadline_ack_ids(), all);
    if (failure) return *std::move(failure);
  }
  return all;
}

}  // namespace gateway::event_request
