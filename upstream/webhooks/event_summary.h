// Reads the parts of an event that are needed before the event is read in full: its id, its type,
// and the object that it is about.
//
//   const std::optional<Summary> summary = Summarize(verifier.scheme(), body);
//
// Thread-safety: a pure function.
#ifndef UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_
#define UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

// A member is "" if the event does not have it as a text or a number.
struct Summary {
  std::string id;
  std::string type;
  std::string store;
  // The id of the object that the event is about: equal for all events about one order, session or
  // subscription.
  std::string resource;
  // The fact that the event reports (gateway.signing.v1.Fact): the first of the event types that
  // report this fact, and the object's id. Both are "" if the event reports no fact that the API
  // shows too.
  std::string fact_type = {};
  std::string fact_id = {};
};

// Mends the body as the event reader does: an event that the reader can read must reach the
// subscriptions to its type. Returns nullopt if the body is no JSON object, even when it is mended.
std::optional<Summary> Summarize(const Scheme& scheme, absl::string_view body);

// The texts and numbers at these JSON pointers, as texts; "" where there is none. Empty for a body
// that is no JSON object.
std::vector<std::string> TextsAt(absl::Span<const absl::string_view> pointers,
                                 absl::string_view body);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_
