#include "upstream/mapping/request/canonical.h"

#include <google/protobuf/message.h>

#include <memory>

#include "upstream/mapping/scalar.h"
#include "upstream/mapping/wire.h"

namespace gateway::mapping {
namespace {

constexpr uint32_t kNanos = 2;  // google.protobuf.Timestamp.nanos

bool FieldsFit(const MessagePlan& plan, absl::string_view bytes, int depth);

// Calls fits(number, value) for each field, and returns whether all calls returned true.
template <typename Fits>
bool All(absl::string_view bytes, Fits fits) {
  WireReader reader(bytes);
  while (!reader.done()) {
    uint32_t number;
    WireValue value;
    if (!reader.ReadField(number, value) || !fits(number, value)) return false;
  }
  return true;
}

bool VarintFits(const WireValue& value) {
  if (value.type == WireType::kVarint) return FitsInt32(static_cast<int64_t>(value.bits));
  WireReader packed(value.type == WireType::kBytes ? value.bytes : "");
  while (!packed.done()) {
    uint64_t bits;
    if (!packed.ReadVarint(bits) || !FitsInt32(static_cast<int64_t>(bits))) return false;
  }
  return true;
}

bool ValueFits(const FieldPlan& field, const WireValue& value, int depth) {
  switch (field.kind) {
    case Kind::kInt32:
    case Kind::kEnum:
      return VarintFits(value);
    case Kind::kTimestamp:
      return All(value.bytes, [](uint32_t number, const WireValue& part) {
        return number != kNanos || VarintFits(part);
      });
    case Kind::kMessage:
      return FieldsFit(*field.message, value.bytes, depth + 1);
    default:
      return true;
  }
}

bool FieldsFit(const MessagePlan& plan, absl::string_view bytes, int depth) {
  if (depth > kMaxDepth) return false;
  return All(bytes, [&](uint32_t number, const WireValue& value) {
    const FieldPlan* field = plan.ByNumber(number);
    if (field == nullptr) return true;
    if (field->cardinality != Cardinality::kMap) return ValueFits(*field, value, depth);
    return All(value.bytes, [&](uint32_t part, const WireValue& of_entry) {
      return part != kMapValue || ValueFits(*field, of_entry, depth + 1);
    });
  });
}

}  // namespace

std::optional<std::string> Canonical(const Route& route, absl::string_view message) {
  if (!FieldsFit(*route.request, message, 0)) return std::nullopt;
  const std::unique_ptr<google::protobuf::Message> parsed(route.request_prototype->New());
  if (!parsed->ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return std::nullopt;
  }
  return parsed->SerializeAsString();
}

}  // namespace gateway::mapping
