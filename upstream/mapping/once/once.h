// The rules that the ledger needs for a write, compiled from the option gateway.v1.Once of its RPC.
//
// Thread-safety: immutable after CompileOnce. Lifetime: the descriptors and the factory must
// outlive a Once.
#ifndef UPSTREAM_MAPPING_ONCE_ONCE_H_
#define UPSTREAM_MAPPING_ONCE_ONCE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "upstream/mapping/once/field_path.h"

namespace gateway::mapping {

// The ways to find out whether a write happened whose answer was lost.
enum class Way : uint8_t {
  kNone,       // only a webhook or an operator can find out
  kLookup,     // a read shows it
  kSameKey,    // the write is sent again: the upstream heeds its idempotency key
  kConverges,  // the write is sent again: a second one leads to the same state
  kHarmless,   // the write is sent again, if the configuration of the store allows it
};

// "none", "lookup", "same_key", "converges", "harmless".
absl::string_view Name(Way way);

// gateway.v1.Lookup, with its names resolved.
struct LookupPlan {
  struct Argument {
    FieldPath field;    // of the read's request
    FieldPath request;  // of the write's request; empty: `text` is the value
    std::string text;
  };
  struct Condition {
    enum Kind : uint8_t { kEquals, kAnyOf, kGrownBy };
    // For which requests a condition of kAnyOf counts.
    enum Scope : uint8_t { kAlways, kWhen, kUnless };
    Kind kind;
    FieldPath field;    // of the candidate
    FieldPath request;  // of the write's request, for kEquals, kGrownBy, kWhen and kUnless
    std::vector<std::string> any;
    Scope scope = kAlways;
  };

  std::string read_path;  // "/paynow.management.v1.PaymentsService/GetPayments"
  std::vector<Argument> arguments;
  FieldPath find;
  std::vector<Condition> conditions;
  FieldPath identity;                                          // empty: none
  const google::protobuf::FieldDescriptor* made_at = nullptr;  // null: none
  uint32_t page_size = 0;
  absl::Duration settle;
  // A candidate has the type of the write's reply, and may be kept as that reply.
  bool candidate_is_reply = false;
  // The write's reply is google.protobuf.Empty.
  bool reply_is_empty = false;

  // Whether the read must be made before the write, too: Judge compares with that first reply.
  bool needs_before() const;

  // Empty messages, from which messages of these types are made.
  const google::protobuf::Message* write_request = nullptr;
  const google::protobuf::Message* read_request = nullptr;
  const google::protobuf::Message* read_reply = nullptr;
  const google::protobuf::Message* candidate = nullptr;
};

// A field that names what a write is about.
struct Guard {
  FieldPath field;
  // Precedes the value, so that values of different fields never meet. "" for the first guard.
  std::string kind;
};

struct Once {
  // The first guard that the request sets counts. Each request sets the last one. Empty if the
  // write has no guard.
  std::vector<Guard> guards;
  Way way = Way::kNone;
  absl::Duration key_life;                   // for kSameKey
  std::shared_ptr<const LookupPlan> lookup;  // for kLookup, else null
};

// Compiles the option Once of `method`, which must be a write. `factory` makes the messages of a
// lookup. `has_credential` is true if the request or reply has a field for a credential: then
// replies are not kept. INVALID_ARGUMENT names the option and the reason. A method without the
// option gets an empty Once.
absl::StatusOr<Once> CompileOnce(const google::protobuf::MethodDescriptor& method,
                                 bool has_credential, google::protobuf::MessageFactory& factory);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_ONCE_H_
