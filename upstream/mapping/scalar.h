// The text of a scalar on the wire, for JSON, a path or a query alike, and the checks that every
// request value passes.
#ifndef UPSTREAM_MAPPING_SCALAR_H_
#define UPSTREAM_MAPPING_SCALAR_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

// How a value of this kind stands on the wire.
constexpr WireType WireTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kBool:
    case Kind::kEnum:
      return WireType::kVarint;
    case Kind::kDouble:
      return WireType::kFixed64;
    default:
      return WireType::kBytes;
  }
}

bool FitsInt32(int64_t number);

// Of everything that has a ScalarText.
constexpr bool IsScalar(Kind kind) { return kind <= Kind::kTimestamp; }

// Whether JSON puts the text in quotes.
inline bool IsQuoted(const FieldPlan& field) {
  return field.kind == Kind::kString || field.kind == Kind::kEnum ||
         (field.kind == Kind::kTimestamp && field.format != Format::kEpochSeconds);
}

// Room for any number or time.
using Scratch = std::array<char, kMaxDouble>;
static_assert(sizeof(Scratch) >= kMaxRfc3339);

struct ScalarText {
  absl::string_view text;   // valid as long as the wire value and the scratch space
  absl::string_view error;  // empty: the value is good. Static storage; never holds the value.
};

// `value` must have the type WireTypeOf(field.kind). `scratch` is overwritten. `now`: what bounds
// ahead of the present are taken against.
ScalarText TextOf(const FieldPlan& field, const WireValue& value, absl::Time now, Scratch& scratch);

// An error of this field, with the bound that was not kept in the text.
std::string Explain(const FieldPlan& field, absl::string_view error);

// The bounds on the number of characters in valid UTF-8. Returns what is wrong, or "".
absl::string_view CheckLength(const FieldPlan& field, absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SCALAR_H_
