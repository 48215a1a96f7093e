// What has to be known of an event before it is read in full: which event it is, of what kind, and
// what it is about.
//
//   const std::optional<Summary> summary = Summarize(verifier.scheme(), body);
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_
#define UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

// Each is "" where the event does not have it, or not as a text or a number.
struct Summary {
  std::string id;
  std::string type;
  std::string store;
  // Equal for events about one order, session or subscription.
  std::string resource;
};

// Returns nullopt for a body that is no JSON object.
std::optional<Summary> Summarize(const Scheme& scheme, absl::string_view body);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_
