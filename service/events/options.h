// The options of an event log.
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
  // Each has a different name. A subscription that is new to the log begins with the oldest event.
  // The log keeps what it has stored for a subscription that is no longer in this list: it may be
  // configured again.
  std::vector<Subscription> subscriptions;

  // Events that are older are removed, done or not.
  absl::Duration keep = absl::Hours(24 * 30);
  // How often the log looks for such events, and how many it removes at a time. PostgreSQL has no
  // such limit: it removes whole slices.
  absl::Duration tend_every = absl::Seconds(10);
  size_t tend_batch = 500;

  // How many operations may wait. More are refused as UNAVAILABLE.
  size_t max_queued = 10'000;

  // Operations that one commit takes at most.
  size_t max_batch = 512;
  // The pause before the log tries again to write, after a commit has failed. The pause doubles
  // with each try, up to max_retry.
  absl::Duration first_retry = absl::Milliseconds(100);
  absl::Duration max_retry = absl::Seconds(5);

  // The wall clock. PostgreSQL uses the database's clock instead.
  std::function<absl::Time()> now = [] { return absl::Now(); };

  // Called on the log's thread with what an operator should know: what happened, and why.
  std::function<void(absl::string_view event, absl::string_view reason)> on_event;

  // For tests: called by the thread that does the work, at named points such as "before commit".
  std::function<void(absl::string_view point)> at_point;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_OPTIONS_H_
