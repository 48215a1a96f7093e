#include "upstream/mapping/request/update_mask.h"

#include "absl/container/inlined_vector.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

constexpr uint32_t kPaths = 1;  // google.protobuf.FieldMask.paths

constexpr size_t kMaxPathShown = 100;

using Fields = absl::InlinedVector<const FieldPlan*, 4>;

// Adds the fields that a path names to `fields`, from the outside in. Returns what is wrong with
// the path, or "".
absl::string_view Resolve(const MessagePlan& body, absl::string_view path, Fields& fields) {
  if (path == "*") return "is not supported: name the fields";
  const MessagePlan* message = &body;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (message == nullptr) return "enters something that is not a single message";
    const FieldPlan* field = message->ByName(name);
    if (field == nullptr) return "names a field that does not exist";
    if (fields.size() == kMaxDepth) return "is nested too deeply";
    fields.push_back(field);
    message = field->cardinality == Cardinality::kSingular ? field->message : nullptr;
  }
  return "";
}

// If one path lies inside another, the outer one wins.
void Add(absl::Span<const FieldPlan* const> fields, UpdateMask& mask) {
  UpdateMask* level = &mask;
  for (const FieldPlan* field : fields) {
    UpdateMask::Entry* entry = const_cast<UpdateMask::Entry*>(level->Find(*field));
    if (entry == nullptr) {
      entry = &level->entries.emplace_back(UpdateMask::Entry{field, {}});
    } else if (entry->below.entries.empty()) {
      return;
    }
    level = &entry->below;
  }
  level->entries.clear();
}

}  // namespace

const UpdateMask::Entry* UpdateMask::Find(const FieldPlan& field) const {
  for (const Entry& entry : entries) {
    if (entry.field == &field) return &entry;
  }
  return nullptr;
}

bool ReadUpdateMask(const MessagePlan& body, absl::string_view bytes, const Path& at,
                    Violations& violations, UpdateMask& mask) {
  WireReader reader(bytes);
  uint32_t number;
  WireValue value;
  for (size_t index = 0; !reader.done(); ++index) {
    if (!reader.ReadField(number, value)) return false;
    if (number != kPaths || value.type != WireType::kBytes || !IsUtf8(value.bytes)) return false;
    Fields fields;
    const absl::string_view problem = Resolve(body, value.bytes, fields);
    if (problem.empty()) {
      Add(fields, mask);
      continue;
    }
    const Path paths{&at, "paths"};
    violations.Add(
        {&paths, "", index},
        absl::StrCat("`", absl::CEscape(value.bytes.substr(0, kMaxPathShown)), "` ", problem));
  }
  return true;
}

}  // namespace gateway::mapping
