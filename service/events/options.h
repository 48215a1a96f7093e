// What a log is told when it is opened.
#ifndef SERVICE_EVENTS_OPTIONS_H_
#define SERVICE_EVENTS_OPTIONS_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/events/subscription.h"

namespace gateway::events {

struct Options {
  // Their names differ. One that the log does not know yet begins with the oldest event; what the
  // log knows of one that is not named here is kept, in case it comes back.
  std::vector<Subscription> subscriptions;

  // Events that are older are removed, done or not.
  absl::Duration keep = absl::Hours(24 * 30);
  // How often the log looks for them, and how many it removes at a time.
  absl::Duration tend_every = absl::Seconds(10);
  size_t tend_batch = 500;

  // Operations that wait at most; more are refused as UNAVAILABLE.
  size_t max_queued = 10'000;

  // Operations that one commit takes at most.
  size_t max_batch = 512;
  // How long the log waits before it tries again to write what could not be written. The pause
  // doubles with each try.
  absl::Duration first_retry = absl::Milliseconds(100);
  absl::Duration max_retry = absl::Seconds(5);

  // The wall clock. PostgreSQL uses the database's clock instead.
  std::function<absl::Time()> now = [] { return absl::Now(); };

  // Told of what an operator should know: what happened, and why. On the log's thread.
  std::function<void(absl::string_view event, absl::string_view reason)> on_event;

  // For tests: called on the log's thread when it passes a point.
  std::function<void(absl::string_view point)> at_point;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_OPTIONS_H_
