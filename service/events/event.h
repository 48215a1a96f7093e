// An event as the log keeps it, and the hashes by which the log finds duplicates of an event.
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
  kSweep,     // the provider did not send it: a sweep found it in the provider's API
};

// Identifies and describes an event. No field is personal data, and no field is encrypted.
struct Head {
  int64_t number = 0;    // its place in the log; 0: it is not in the log yet
  std::string provider;  // "paynow"
  std::string name;      // the account that it was sent to; "": the provider has only one
  std::string id;        // the provider's id of the event; "": the provider sent none
  std::string type;      // "ON_ORDER_COMPLETED"
  std::string store;     // "": the event is about no store
  std::string resource;  // equal for events about one order, session or subscription; "": none
  absl::Time received;
  Origin origin = Origin::kDelivery;
};

struct Event {
  Head head;
  // The time that the provider has signed. For Origin::kSweep: when the fact happened.
  std::optional<absl::Time> signed_time = {};
  // The body of the delivery, byte by byte. For Origin::kSweep: the object that was found, as a
  // serialized google.protobuf.Any.
  std::string body = {};
  // The event's key stays in the log when the event is removed. It is set if the signature does not
  // limit the age of a delivery: then only the key shows that a recorded delivery was sent again.
  bool keep_key = false;
};

// The identity of an event in the log: two SHA-256 digests of 32 bytes each.
struct Key {
  // The digest of provider, name and id; of provider, name and body if the provider sent no id.
  std::string event;
  std::string body;

  bool operator==(const Key&) const = default;
};
Key KeyOf(const Event& event);

// The key of an unsigned event: it depends on the body alone, because anybody can have chosen the
// id. KeyOf makes no such key, so the stored key tells that the event was not signed.
Key HintKeyOf(const Event& event);
// Whether HintKeyOf made the key. Gateways before 0.3 made other keys for unsigned events.
bool IsHint(const Head& head, const Key& key);

// A SHA-256 of a fact, for example that a refund was completed. It is equal for all events that
// report this fact of this object, whether a delivery or a sweep brought them. Returns "" if `id`,
// the object's id, is empty. `type`: the first of the fact's types (gateway.signing.v1.Fact).
std::string FactOf(absl::string_view provider, absl::string_view type, absl::string_view id);

// Encrypts a body, and decrypts it. A body that was sealed for one key cannot be opened with
// another. Errors: as ReplyCipher.
absl::StatusOr<std::string> SealBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view body);
absl::StatusOr<std::string> OpenBody(const ledger::ReplyCipher& cipher, const Key& key,
                                     absl::string_view sealed);

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_EVENT_H_
