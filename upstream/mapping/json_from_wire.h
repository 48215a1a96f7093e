// Request bodies: protobuf bytes to JSON text in one walk, without a message object in between,
// checking everything on the way: required fields, formats, bounds, enum numbers, UTF-8. What is
// wrong is collected, not thrown at the first.
//
// A field that is not set is not written; a set field is written, also when it is 0, "" or false. A
// required list or map is always written, except under a mask that does not name it: there it has
// to be set. The number of elements is checked where a list is written.
//
// The walk asks for canonical bytes: fields in ascending order, each list in one piece, no singular
// field twice. That is what every serializer writes. Other bytes mean the same to protobuf and give
// kNotCanonical: the caller parses and serializes them once and comes back (see request_writer.cc).
#ifndef UPSTREAM_MAPPING_JSON_FROM_WIRE_H_
#define UPSTREAM_MAPPING_JSON_FROM_WIRE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/update_mask.h"
#include "upstream/mapping/violations.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {

enum class WireResult { kOk, kNotCanonical, kMalformed };

// Moves past all occurrences of field `number` that follow each other. Returns their bytes, tags
// included; empty for malformed ones.
absl::string_view TakeRun(WireReader& reader, uint32_t number);

// Calls visit(const WireValue& element, size_t index) -> WireResult for each element in a run of a
// repeated field, packed or not, until one is not kOk.
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

// min_items and max_items.
void CheckCount(const FieldPlan& field, size_t count, const Path& at, Violations& violations);

class JsonFromWire {
 public:
  // Appends to `out`, which holds rubbish unless the result is kOk and there are no violations.
  // `now`: see TextOf.
  JsonFromWire(std::string& out, Violations& violations, absl::Time now)
      : out_(out), violations_(violations), now_(now) {}

  // The message as an object. With a mask: the fields of the mask, null where they are not set, and
  // the required ones.
  WireResult Message(const MessagePlan& plan, absl::string_view bytes, const Path& at,
                     const UpdateMask* mask);

  // A run of a repeated field as an array, of a map field as an object.
  WireResult List(const FieldPlan& field, absl::string_view run, const Path& at);

 private:
  WireResult Member(const MessagePlan& owner, const FieldPlan& field, absl::string_view run,
                    const Path& at, const UpdateMask* mask);
  WireResult Unset(const FieldPlan& field, const Path& at, const UpdateMask* mask);
  WireResult Element(const FieldPlan& field, const WireValue& value, const Path& at,
                     const UpdateMask* mask);
  WireResult FreeJson(const FieldPlan& field, const WireValue& value, const Path& at);
  WireResult Rest(const MessagePlan& owner, const WireValue& value, const Path& at);
  WireResult Map(const FieldPlan& field, absl::string_view run, const Path& at);
  void MapKey(const FieldPlan& field, absl::string_view key, const Path& at);
  void Key(const FieldPlan& field);

  std::string& out_;
  Violations& violations_;
  const absl::Time now_;
  std::string scratch_;
  int depth_ = 0;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_JSON_FROM_WIRE_H_
