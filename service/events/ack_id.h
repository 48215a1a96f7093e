// The ack id: a text that names one hand-out of an event to a consumer.
//
//   era of the subscription (8 bytes), event number (8), lease (8), MAC (8)
//     ->  43 characters of Base64
//
// The MAC is a guard against mistakes: ParseAckId refuses an ack id of another subscription, and
// one that a consumer has made up. The ack id is not encrypted.
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
  // Each Seek begins a new era. An ack id of another era has no effect.
  uint64_t era = 0;
  int64_t number = 0;
  // Differs for each hand-out of the subscription within an era.
  uint64_t lease = 0;

  bool operator==(const AckId&) const = default;
};

// `secret`: EventLog::ack_secret(). `subscription`: the subscription's name.
std::string ToText(const AckId& id, absl::string_view secret, absl::string_view subscription);

// Returns nullopt if ToText has not made `text` for this subscription with this secret.
std::optional<AckId> ParseAckId(absl::string_view text, absl::string_view secret,
                                absl::string_view subscription);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_ACK_ID_H_
