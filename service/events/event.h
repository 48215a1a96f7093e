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

// How the gateway came to know of an event.
enum class Origin : uint8_t {
  kDelivery,  // the provider sent it
  kSweep,     // nobody did: it was found by reading the provider's API
};

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
  Origin origin = Origin::kDelivery;
};

struct Event {
  Head head;
  std::optional<absl::Time> signed_time = {};  // of a sweep: when it happened
  // Byte by byte as it came. Of a sweep: the object, a serialized google.protobuf.Any.
  std::string body = {};
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

// Of an event that nobody has signed: by its body alone, whatever id it has, for anybody can choose
// that. No KeyOf gives such a key, so that what is stored tells that it was not signed.
Key HintKeyOf(const Event& event);
// Whether the key was made by HintKeyOf. Gateways before 0.3 made other keys for such events.
bool IsHint(const Head& head, const Key& key);

// A SHA-256, equal for all that tells the same of the same object, whoever tells it; "" of an
// object without an id. `type`: the first of those that tell it (gateway.signing.v1.Fact).
std::string FactOf(absl::string_view provider, absl::string_view type, absl::string_view id);

// The body, encrypted for this key and no other, and back. Errors as ReplyCipher's.
absl::StatusOr<std::string> SealBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view body);
absl::StatusOr<std::string> OpenBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view sealed);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_EVENT_H_
