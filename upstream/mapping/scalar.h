// Converts a scalar from the wire to its text in JSON, a path or a query, and checks it as a
// request value.
#ifndef UPSTREAM_MAPPING_SCALAR_H_
#define UPSTREAM_MAPPING_SCALAR_H_

#include <array>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

// The wire type of each Kind. This is a table, because it is read for every value, and a switch
// takes three times the instructions.
inline constexpr WireType kWireTypes[] = {
    WireType::kBytes,    // kString
    WireType::kVarint,   // kInt32
    WireType::kVarint,   // kInt64
    WireType::kFixed64,  // kDouble
    WireType::kVarint,   // kBool
    WireType::kVarint,   // kEnum
    WireType::kBytes,    // kTimestamp
    WireType::kBytes,    // kMessage
    WireType::kBytes,    // kStruct
    WireType::kBytes,    // kValue
    WireType::kBytes,    // kListValue
};
static_assert(std::size(kWireTypes) == static_cast<size_t>(Kind::kListValue) + 1);

// The wire type of a value of this kind.
constexpr WireType WireTypeOf(Kind kind) { return kWireTypes[static_cast<size_t>(kind)]; }
static_assert(WireTypeOf(Kind::kDouble) == WireType::kFixed64);
static_assert(WireTypeOf(Kind::kEnum) == WireType::kVarint);
static_assert(WireTypeOf(Kind::kTimestamp) == WireType::kBytes);

// Whether a list of such values is packed: written as one field.
constexpr bool IsPackable(Kind kind) { return WireTypeOf(kind) != WireType::kBytes; }

bool FitsInt32(int64_t number);

// Whether TextOf can convert values of this kind.
constexpr bool IsScalar(Kind kind) { return kind <= Kind::kTimestamp; }

// Whether JSON puts the text in quotes.
inline bool IsQuoted(const FieldPlan& field) {
  return field.kind == Kind::kString || field.kind == Kind::kEnum ||
         (field.kind == Kind::kTimestamp && field.format != Format::kEpochSeconds) ||
         (field.kind == Kind::kInt64 && field.format == Format::kFlakeId);
}

// Room for any number or time.
using Scratch = std::array<char, kMaxDouble>;
static_assert(sizeof(Scratch) >= kMaxRfc3339);

struct ScalarText {
  absl::string_view text;   // valid as long as the wire value and the scratch space
  absl::string_view error;  // empty: the value is good. Static storage; never holds the value.
};

// `value` must have the type WireTypeOf(field.kind). `scratch` is overwritten. Bounds that are
// relative to the present are checked against `now`.
ScalarText TextOf(const FieldPlan& field, const WireValue& value, absl::Time now, Scratch& scratch);

// Adds the violated bound of the field to the error's text.
std::string Explain(const FieldPlan& field, absl::string_view error);

// Checks the field's bounds on the number of characters. `text` is valid UTF-8. Returns an error
// text, or "".
absl::string_view CheckLength(const FieldPlan& field, absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SCALAR_H_
