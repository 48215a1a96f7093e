// The text that names one hand-out of an event to a consumer:
//
//   subscription's era (8 bytes), number (8), lease (8), MAC (8)  ->  43 characters of Base64
//
// The MAC keeps a consumer's slip from acknowledging what it was never given: an ack id of another
// subscription, or one that was put together. It does not keep secrets apart.
//
// Thread-safety: pure functions.
#ifndef SERVICE_EVENTS_ACK_ID_H_
#define SERVICE_EVENTS_ACK_ID_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace gateway::events {

struct AckId {
  // Changes with Seek: what was handed out before it counts no more.
  uint64_t era = 0;
  int64_t number = 0;
  // Tells one hand-out from the next.
  uint64_t lease = 0;

  bool operator==(const AckId&) const = default;
};

// `secret` is the log's own, `subscription` its name.
std::string ToText(const AckId& id, absl::string_view secret, absl::string_view subscription);

// Returns nullopt for what ToText has not made for this subscription.
std::optional<AckId> ParseAckId(absl::string_view text, absl::string_view secret,
                                absl::string_view subscription);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_ACK_ID_H_
