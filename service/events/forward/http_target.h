// Hands events on over HTTP: a POST of a CloudEvent, signed as Standard Webhooks.
//
//   answer               result
//   2xx                  taken, whatever the body of the answer
//   410                  gone: the forwarder takes its longest pause
//   408, 425, 429, 5xx   failed; Retry-After is respected
//   other 4xx            refused: the event or the URL is wrong, and the target is not down
//   3xx                  refused: redirects are not followed
//   no answer            failed
//   nothing was sent     unreachable
//
// Thread-safety, lifetime: as Target. The transport outlives the calls of `done`.
#ifndef SERVICE_EVENTS_FORWARD_HTTP_TARGET_H_
#define SERVICE_EVENTS_FORWARD_HTTP_TARGET_H_

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "service/events/forward/signer.h"
#include "service/events/forward/target.h"
#include "upstream/http/message.h"
#include "upstream/http/transport.h"

namespace gateway::events {

class HttpTarget final : public Target {
 public:
  HttpTarget(std::string url, std::shared_ptr<http::Transport> transport,
             std::shared_ptr<const Signer> signer)
      : url_(std::move(url)), transport_(std::move(transport)), signer_(std::move(signer)) {}

  void HandOn(Message message, SteadyTime deadline, Done done) override;

 private:
  const std::string url_;
  const std::shared_ptr<http::Transport> transport_;
  const std::shared_ptr<const Signer> signer_;
};

// The limit for the pause that Retry-After asks for.
inline constexpr absl::Duration kMostRetryAfter = absl::Hours(1);

// The result for this answer, or for this transport error. `now` is for dates in Retry-After.
HandoverResult HandoverOf(const http::Result& result, absl::Time now);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_HTTP_TARGET_H_
