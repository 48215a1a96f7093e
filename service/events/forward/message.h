// An event as it is handed on: a CloudEvent 1.0 in JSON (structured mode).
//
//   {"specversion": "1.0", "id": "paynow:123:<hash>", "source": "/webhooks/paynow",
//    "type": "paynow.ON_REFUND", "subject": "<order>", "time": "...", "store": "<store>",
//    "datacontenttype": "application/json", "data": {...as ParseEvent shows it...}}
//
// A genuine event that cannot be read has its body in `data_base64`, and `problem` says why. An
// event that a sweep has found has "origin": "sweep", and the object in `data`.
//
// Thread-safety: pure functions.
#ifndef SERVICE_EVENTS_FORWARD_MESSAGE_H_
#define SERVICE_EVENTS_FORWARD_MESSAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "service/events/event_log.h"
#include "service/ledger/reply_cipher.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway::events {

inline constexpr absl::string_view kCloudEventType = "application/cloudevents+json";

struct Message {
  // Equal each time that an event is handed on, and different for each event. It has only letters,
  // digits, "-", "_", "~" and ":". A dot would end the id in the text that Standard Webhooks sign.
  std::string id;
  std::string provider;  // "paynow"
  std::string type;      // as the provider names it; "": the event cannot be read
  std::string body;      // the CloudEvent
};

// "paynow:123:<hash>", or "paynow:<account>:123:<hash>" if the event came to the address of an
// account. The hash is that of the body, because the log keeps two bodies of one id as two events.
// If the provider's id is missing, too long, or has other characters than letters, digits, "-" and
// "_", a hash takes its place. No part contains a colon; the dots of an account become "~".
std::string MessageIdOf(const Head& head, const Key& key);

// Returns an error, which is DATA_LOSS, if the event cannot be decrypted.
absl::StatusOr<Message> MessageOf(const SealedEvent& event, const ledger::ReplyCipher& cipher,
                                  const webhooks::EventReader& reader);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_MESSAGE_H_
