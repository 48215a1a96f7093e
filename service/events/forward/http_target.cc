#include "service/events/forward/http_target.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/version.h"
#include "upstream/mapping/reply/error_reply.h"

namespace gateway::events {
namespace {

Handover HandoverOfStatus(int status) {
  switch (status) {
    case 408:  // Request Timeout
    case 425:  // Too Early
    case 429:  // Too Many Requests
      return Handover::kFailed;
    case 410:
      return Handover::kGone;
    default:
      break;
  }
  if (status >= 200 && status < 300) return Handover::kTaken;
  return status >= 300 && status < 500 ? Handover::kRefused : Handover::kFailed;
}

}  // namespace

HandoverResult HandoverOf(const http::Result& result, absl::Time now) {
  if (const auto* const error = std::get_if<http::Error>(&result)) {
    // The status says what became of the event, whatever else the answer holds.
    if (error->status != 0) {
      return {HandoverOfStatus(error->status),
              absl::StrCat("HTTP ", error->status, " with a head that is too large")};
    }
    return {error->sent ? Handover::kFailed : Handover::kUnreachable,
            std::string(http::Name(error->kind))};
  }
  const auto& response = std::get<http::Response>(result);
  HandoverResult handover{HandoverOfStatus(response.status),
                          absl::StrCat("HTTP ", response.status)};
  if (handover.handover == Handover::kFailed) {
    handover.retry_after =
        mapping::ParseRetryAfter(response.Header("retry-after"), now, kMostRetryAfter);
  }
  return handover;
}

void HttpTarget::HandOn(Message message, SteadyTime deadline, Done done) {
  const std::string timestamp = absl::StrCat(absl::ToUnixSeconds(absl::Now()));
  const auto signature = signer_->Sign(message.id, timestamp, message.body);
  if (!signature) return done({Handover::kUnreachable, "cannot be signed"});
  http::Request request;
  request.method = http::Method::kPost;
  request.url = url_;
  request.headers.Add("Content-Type: ", kCloudEventType);
  request.headers.Add("User-Agent: billing-gateway/", kVersion);
  request.headers.Add("webhook-id: ", message.id);
  request.headers.Add("webhook-timestamp: ", timestamp);
  request.headers.Add("webhook-signature: ", *signature);
  request.body = std::move(message.body);
  request.has_body = true;
  request.deadline = deadline;
  transport_->Send(std::move(request), [done = std::move(done)](http::Result result) mutable {
    done(HandoverOf(result, absl::Now()));
  });
}

}  // namespace gateway::events
