// What must be known about an event before it is read in full: its id, its type, and what it is
// about.
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
  // Equal for events about one order, session or subscription.
  std::string resource;
  // What it tells of (gateway.signing.v1.Fact): the first of the types that tell it, and the
  // object's id. Both are "" where it tells of nothing that the API shows.
  std::string fact_type = {};
  std::string fact_id = {};
};

// Returns nullopt for a body that is no JSON object, also after it was mended as the event reader
// mends it: an event that can be read must not miss the subscriptions to its type.
std::optional<Summary> Summarize(const Scheme& scheme, absl::string_view body);

// The texts and numbers at these JSON pointers, as texts; "" where there is none. Empty for a body
// that is no JSON object.
std::vector<std::string> TextsAt(absl::Span<const absl::string_view> pointers,
                                 absl::string_view body);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_EVENT_SUMMARY_H_
