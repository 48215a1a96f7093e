// Converts request bodies from protobuf bytes to JSON text in one walk, without a message object in
// between. Checks everything on the way: required fields, formats, bounds, enum numbers, UTF-8. All
// errors are collected.
//
// A field that is not set is not written, unless it says null_when_unset or a mask names it; a set
// field is written, also when it is 0, "" or false. A required list or map is always written,
// except under a mask that does not name it: then the request must set it. The number of elements
// is checked where a list is written.
//
// The walk needs canonical bytes: fields in ascending order, each list in one piece, no singular
// field twice. That is what every serializer writes. Other bytes that are valid for protobuf give
// kNotCanonical: then the caller parses and serializes the request, and tries again with the new
// bytes (see request_writer.cc).
#ifndef UPSTREAM_MAPPING_REQUEST_JSON_FROM_WIRE_H_
#define UPSTREAM_MAPPING_REQUEST_JSON_FROM_WIRE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/request/update_mask.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

enum class WireResult { kOk, kNotCanonical, kMalformed };

// To be called after one occurrence of the field `number` was read: skips the occurrences that
// follow directly. Returns false for malformed bytes.
bool SkipRun(WireReader& reader, uint32_t number);

// Calls visit(const WireValue& element, size_t index) -> WireResult for each element in a run of a
// repeated field, packed or not, until a result is not kOk. Returns that result.
template <typename Visit>
WireResult ForEachElement(const FieldPlan& field, absl::string_view run, Visit visit) {
  const WireType type = WireTypeOf(field.kind);
  size_t index = 0;
  WireReader reader(run);
  while (!reader.done()) {
    uint32_t number;
    WireValue value;
    if (!reader.ReadField(number, value)) return WireResult::kMalformed;
    if (value.type == type) {
      if (const WireResult result = visit(value, index++); result != WireResult::kOk) return result;
      continue;
    }
    if (value.type != WireType::kBytes) return WireResult::kMalformed;
    WireReader packed(value.bytes);
    while (!packed.done()) {
      if (!packed.ReadValue(type, value)) return WireResult::kMalformed;
      if (const WireResult result = visit(value, index++); result != WireResult::kOk) return result;
    }
  }
  return WireResult::kOk;
}

// Checks min_items and max_items.
void CheckCount(const FieldPlan& field, size_t count, const Path& at, Violations& violations);

// Shared by all parts of one request.
struct RequestTerms {
  Violations& violations;
  absl::Time now;  // see TextOf
  // The message is a partial update: its own required fields need not be set. The required fields
  // of nested messages must be set.
  bool partial = false;
};

// Appends the message as an object. `mask` may be null. With a mask, writes only the fields of the
// mask (as null if they are not set), and the required fields unless the terms say that the message
// is partial. `out` is invalid unless the result is kOk and there are no violations.
WireResult AppendMessage(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                         const UpdateMask* mask, const RequestTerms& terms, std::string& out);

// Appends a run of a repeated field as an array, or a run of a map field as an object. `out` is
// invalid as after AppendMessage.
WireResult AppendRun(const FieldPlan& field, absl::string_view run, const Path& at,
                     const RequestTerms& terms, std::string& out);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_JSON_FROM_WIRE_H_
