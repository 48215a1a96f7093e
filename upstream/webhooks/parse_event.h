// ParseEvent without gRPC: request bytes, settings and the time in; a serialized response or a
// refusal out.
//
//   request bytes -> ReadRequest -> Verifier -> EventReader -> response bytes
//
//   const std::variant<Event, Refusal> answer = ParseEvent(reader, settings, bytes, absl::Now());
//
// Thread-safety: a pure function. Lifetime: as for EventReader.
#ifndef UPSTREAM_WEBHOOKS_PARSE_EVENT_H_
#define UPSTREAM_WEBHOOKS_PARSE_EVENT_H_

#include <cstdint>
#include <string>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/failure.h"
#include "upstream/webhooks/event_reader.h"
#include "upstream/webhooks/verifier.h"

namespace gateway::webhooks {

struct Settings {
  int64_t max_body_bytes = int64_t{1} * 1024 * 1024;
  absl::flat_hash_map<std::string, Verifier> providers;  // by name
  // For providers with several accounts: the verifier of each account, by name: "paynow/eu".
  absl::flat_hash_map<std::string, Verifier> accounts;
};

struct Refusal {
  // For the caller. Its outcome is always kNotSent: nothing was sent anywhere.
  mapping::Failure failure;
  // Only for the log: the provider that the request names ("" if it is not configured), and the
  // check that failed: "signature", "too_old", ...
  absl::string_view provider;
  absl::string_view check;
};

std::variant<Event, Refusal> ParseEvent(const EventReader& reader, const Settings& settings,
                                        absl::string_view request, absl::Time now);

}  // namespace gateway::webhooks

#endif  // UPSTREAM_WEBHOOKS_PARSE_EVENT_H_
