#include "upstream/mapping/request/free_json.h"

#include <bit>
#include <cmath>
#include <optional>

#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_text.h"
#include "upstream/mapping/keys_so_far.h"
#include "upstream/mapping/scalar.h"
#include "upstream/mapping/struct_fields.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

constexpr absl::string_view kMalformed = "is malformed";
constexpr absl::string_view kTooDeep = "is nested too deeply";

class FreeJsonWriter {
 public:
  FreeJsonWriter(Violations& violations, ByteSink& out) : violations_(violations), out_(out) {}

  // Whether no value was set twice.
  bool in_one_piece() const { return in_one_piece_; }

  void Value(absl::string_view bytes, int depth, const Path& at) {
    uint32_t kind = 0;
    WireValue value;
    WireReader reader(bytes);
    if (!reader.done() && !reader.ReadField(kind, value)) return Fault(at, kMalformed);
    if (!reader.done()) {
      in_one_piece_ = false;
      return;
    }
    if (kind != 0 && value.type != TypeOf(kind)) return Fault(at, kMalformed);
    switch (kind) {
      case kNull:
        return out_.append("null");
      case kNumber:
        return Number(std::bit_cast<double>(value.bits), at);
      case kBool:
        return out_.append(value.bits != 0 ? "true" : "false");
      case kText:
        return Text(value.bytes, at);
      case kObject:
        return Object(value.bytes, depth + 1, at);
      case kList:
        return List(value.bytes, depth + 1, at);
      case 0:
        return Fault(at, "has no value: use null_value for null");
      default:
        return Fault(at, kMalformed);
    }
  }

  void Object(absl::string_view bytes, int depth, const Path& at) {
    if (depth > kMaxFreeJsonDepth) return Fault(at, kTooDeep);
    out_.push_back('{');
    Members(bytes, depth, nullptr, at);
    out_.push_back('}');
  }

  void List(absl::string_view bytes, int depth, const Path& at) {
    if (depth > kMaxFreeJsonDepth) return Fault(at, kTooDeep);
    WireReader reader(bytes);
    uint32_t number;
    WireValue element;
    out_.push_back('[');
    for (size_t index = 0; !reader.done(); ++index) {
      if (index > 0) out_.push_back(',');
      if (!reader.ReadField(number, element) || number != kListValues ||
          element.type != WireType::kBytes) {
        Fault(at, kMalformed);
        break;
      }
      Value(element.bytes, depth, {&at, "", index});
    }
    out_.push_back(']');
  }

  // Refuses a member that `beside` has a field for. `beside` may be null.
  void Members(absl::string_view bytes, int depth, const MessagePlan* beside, const Path& at) {
    WireReader reader(bytes);
    uint32_t number;
    WireValue entry;
    KeysSoFar keys;
    while (!reader.done()) {
      if (!reader.ReadField(number, entry) || number != kStructFields ||
          entry.type != WireType::kBytes || !Member(entry.bytes, depth, beside, keys, at)) {
        return violations_.Add(at, kMalformed);
      }
    }
  }

 private:
  static WireType TypeOf(uint32_t kind) {
    switch (kind) {
      case kNull:
      case kBool:
        return WireType::kVarint;
      case kNumber:
        return WireType::kFixed64;
      default:
        return WireType::kBytes;
    }
  }

  // Returns false if the bytes are not an entry of a Struct.
  bool Member(absl::string_view entry, int depth, const MessagePlan* beside, KeysSoFar& keys,
              const Path& at) {
    WireReader reader(entry);
    uint32_t number;
    WireValue part;
    absl::string_view key;
    std::optional<absl::string_view> value;
    while (!reader.done()) {
      if (!reader.ReadField(number, part) || part.type != WireType::kBytes) return false;
      if (number == kMapKey) {
        key = part.bytes;
      } else if (number == kMapValue) {
        if (value) in_one_piece_ = false;
        value = part.bytes;
      } else {
        return false;
      }
    }
    const Path here{&at, key, {}, true};
    if (!keys.Add(key)) violations_.Add(here, "is there twice");
    if (beside != nullptr && beside->ByWireName(key) != nullptr) {
      violations_.Add(here, "has a field of its own");
      return true;
    }
    if (out_.back() != '{') out_.push_back(',');
    Text(key, here);
    out_.push_back(':');
    Value(value.value_or(""), depth, here);
    return true;
  }

  void Text(absl::string_view text, const Path& at) {
    if (!IsUtf8(text)) return Fault(at, "must be valid UTF-8");
    AppendJsonString(text, out_);
  }

  void Number(double number, const Path& at) {
    if (!std::isfinite(number)) return Fault(at, "must be a finite number");
    out_.Advance(WriteDouble(number, out_.Room(kMaxDouble)));
  }

  void Fault(const Path& at, absl::string_view what) {
    violations_.Add(at, what);
    out_.append(R"("")");
  }

  Violations& violations_;
  ByteSink& out_;
  bool in_one_piece_ = true;
};

}  // namespace

bool AppendFreeJson(Kind kind, absl::string_view bytes, const Path& at, Violations& violations,
                    ByteSink& out) {
  FreeJsonWriter writer(violations, out);
  switch (kind) {
    case Kind::kStruct:
      writer.Object(bytes, 0, at);
      break;
    case Kind::kListValue:
      writer.List(bytes, 0, at);
      break;
    default:
      writer.Value(bytes, 0, at);
      break;
  }
  return writer.in_one_piece();
}

bool AppendFreeMembers(const MessagePlan& beside, absl::string_view bytes, const Path& at,
                       Violations& violations, ByteSink& out) {
  FreeJsonWriter writer(violations, out);
  writer.Members(bytes, 0, &beside, at);
  return writer.in_one_piece();
}

absl::string_view CheckFreeValue(const FieldPlan& field, absl::string_view bytes) {
  uint32_t kind = 0;
  WireValue value;
  if (!WireReader(bytes).ReadField(kind, value)) return kMalformed;
  if (field.format == Format::kStringOrNull && kind != kText && kind != kNull) {
    return "must be a string or null";
  }
  if (field.format == Format::kScalar && kind != kText && kind != kNumber && kind != kBool) {
    return "must be a string, a number or a boolean";
  }
  return kind == kText ? CheckLength(field, value.bytes) : "";
}

}  // namespace gateway::mapping
