// google.protobuf.Struct, Value and ListValue: JSON of any form, carried through.
#ifndef UPSTREAM_MAPPING_FREE_JSON_H_
#define UPSTREAM_MAPPING_FREE_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/mapping/plan.h"

namespace gateway::mapping {

// Deeper than this is refused, in both directions.
inline constexpr int kMaxFreeJsonDepth = 64;

// What AppendFreeJson returns for a value that stands on the wire in pieces. Legal, and no
// serializer writes it: protobuf's parser puts them together.
inline constexpr absl::string_view kSetTwice = "is set twice";

// The message of `kind` (kStruct, kValue or kListValue) in `bytes` as JSON. Returns what is wrong
// with it, or "".
absl::string_view AppendFreeJson(Kind kind, absl::string_view bytes, std::string& out);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FREE_JSON_H_
