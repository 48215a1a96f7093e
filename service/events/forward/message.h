// An event as it is handed on: a CloudEvent 1.0 in JSON (structured mode).
//
//   {"specversion": "1.0", "id": "paynow:123:<hash>", "source": "/webhooks/paynow",
//    "type": "paynow.ON_REFUND", "subject": "<order>", "time": "...", "store": "<store>",
//    "datacontenttype": "application/json", "data": {...as ParseEvent shows it...}}
//
// A genuine event that cannot be read has its body in `data_base64`, and `problem` says why.
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
  // The same for each hand-out of an event, and of no other event. Letters, digits, -, _, ~ and :
  // only: a dot would end it in what Standard Webhooks sign.
  std::string id;
  std::string provider;  // "paynow"
  std::string type;      // as the provider names it; "" where it cannot be read
  std::string body;      // the CloudEvent
};

// "paynow:123:<hash>", "paynow:<account>:123:<hash>": the hash is of the body, since the log keeps
// two bodies of one id as two events. Where the provider sent no id, or one that has other
// characters than letters, digits, - and _, a hash takes its place. No part has a colon: an
// account's dots are ~.
std::string MessageIdOf(const Head& head, const Key& key);

// UNAVAILABLE where the event cannot be decrypted.
absl::StatusOr<Message> MessageOf(const SealedEvent& event, const ledger::ReplyCipher& cipher,
                                  const webhooks::EventReader& reader);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_MESSAGE_H_
