// The text of a scalar on the wire, for JSON, a path or a query alike, and the checks that every
// request value passes.
#ifndef UPSTREAM_MAPPING_SCALAR_H_
#define UPSTREAM_MAPPING_SCALAR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

// How a value of this kind stands on the wire.
WireType WireTypeOf(Kind kind);

bool FitsInt32(int64_t number);

bool IsScalar(Kind kind);  // everything that has a ScalarText

// Whether JSON puts the text in quotes.
bool IsQuoted(const FieldPlan& field);

struct ScalarText {
  absl::string_view text;   // valid as long as the wire value and the scratch space
  absl::string_view error;  // empty: the value is good. Static storage; never holds the value.
};

// `value` must have the type WireTypeOf(field.kind). `scratch` is overwritten. `now`: what bounds
// ahead of the present are taken against.
ScalarText TextOf(const FieldPlan& field, const WireValue& value, absl::Time now,
                  std::string& scratch);

// The bounds on the number of characters in valid UTF-8. Returns what is wrong, or "".
absl::string_view CheckLength(const FieldPlan& field, absl::string_view text);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_SCALAR_H_
