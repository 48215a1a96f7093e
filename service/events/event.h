// A verified delivery as the log keeps it, and what makes two deliveries one event.
//
// Thread-safety: values and pure functions.
#ifndef SERVICE_EVENTS_EVENT_H_
#define SERVICE_EVENTS_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/ledger/reply_cipher.h"

namespace gateway::events {

// What an event is told apart and found by. None of it is personal data, and none is encrypted.
struct Head {
  int64_t number = 0;    // its place in the log; 0: it has none yet
  std::string provider;  // "paynow"
  std::string name;      // of the address that it was sent to; "" for the provider's only one
  std::string id;        // the provider's; "" where it sent none
  std::string type;      // "ON_ORDER_COMPLETED"
  std::string store;     // "" where it is about none
  std::string resource;  // equal for events about one order, session or subscription; "": none
  absl::Time received;
};

struct Event {
  Head head;
  std::optional<absl::Time> signed_time = {};
  std::string body = {};  // byte by byte as it came
  // The event's key is kept for good: nothing else would tell a recorded delivery from a new one.
  bool keep_key = false;
};

// What the log stores of an event's identity: two SHA-256, of 32 bytes each.
struct Key {
  // Of provider, name and id; of the body where the provider sent no id.
  std::string event;
  std::string body;

  bool operator==(const Key&) const = default;
};
Key KeyOf(const Event& event);

// The body, encrypted for this key and no other, and back. Errors as ReplyCipher's.
absl::StatusOr<std::string> SealBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view body);
absl::StatusOr<std::string> OpenBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view sealed);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_EVENT_H_
