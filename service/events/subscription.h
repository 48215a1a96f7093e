// The configuration of a subscription.
//
// Thread-safety: values and pure functions.
#ifndef SERVICE_EVENTS_SUBSCRIPTION_H_
#define SERVICE_EVENTS_SUBSCRIPTION_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "service/events/event.h"

namespace gateway::events {

// An event has to pass each of the three sets. An empty set lets every event pass.
struct Filter {
  absl::flat_hash_set<std::string> providers;
  absl::flat_hash_set<std::string> types;
  absl::flat_hash_set<std::string> stores;

  bool Matches(const Head& head) const {
    const auto passes = [](const auto& set, const std::string& value) {
      return set.empty() || set.contains(value);
    };
    return passes(providers, head.provider) && passes(types, head.type) &&
           passes(stores, head.store);
  }
};

struct Subscription {
  std::string name = {};
  Filter filter = {};
  // The time from the hand-out of an event to its next hand-out, if it is not acknowledged.
  absl::Duration ack_deadline = absl::Seconds(30);
  // An event that was handed out so many times without an acknowledgement becomes a dead letter.
  int32_t max_attempts = 20;
  // Events of one resource are handed out one at a time: the next event follows when the event
  // before it is acknowledged or has become a dead letter.
  bool ordered = false;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_SUBSCRIPTION_H_
