// What the ledger must know about a write, compiled from the option gateway.v1.Once of its RPC.
//
// Thread-safety: immutable after CompileOnce. Lifetime: as the descriptors.
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
  kNone,       // a webhook or an operator tells
  kLookup,     // a read shows it
  kSameKey,    // sent again: the upstream heeds its key
  kConverges,  // sent again: it leads to the same state
  kHarmless,   // sent again where the configuration of the store allows it
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
  // A read that does not show the write is no evidence that it did not happen.
  bool absence_proves_nothing = false;
  // A candidate is what the write's reply would have been, and may be kept.
  bool candidate_is_reply = false;
  // The write's reply has nothing in it.
  bool reply_is_empty = false;

  // The read's reply before the write is needed to judge the one after it.
  bool needs_before() const;

  // Empty messages, from which others are made.
  const google::protobuf::Message* write_request = nullptr;
  const google::protobuf::Message* read_request = nullptr;
  const google::protobuf::Message* read_reply = nullptr;
  const google::protobuf::Message* candidate = nullptr;
};

// A field that names what a write is about.
struct Guard {
  FieldPath field;
  // Precedes the value, so that values of different fields never meet. "" where there is one guard.
  std::string kind;
};

struct Once {
  // The first that a request sets holds; each request sets the last one. Empty: the write has none.
  std::vector<Guard> guards;
  Way way = Way::kNone;
  absl::Duration key_life;                   // for kSameKey
  std::shared_ptr<const LookupPlan> lookup;  // for kLookup, else null
};

// The option of `method`, which is a write, with `factory` making the messages of a lookup.
// `has_credential`: request or reply has a place for one, so replies are not kept. INVALID_ARGUMENT
// names the option and the reason. Once of a method without the option is empty.
absl::StatusOr<Once> CompileOnce(const google::protobuf::MethodDescriptor& method,
                                 bool has_credential, google::protobuf::MessageFactory& factory);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_ONCE_H_
