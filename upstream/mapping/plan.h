// Message types compiled to tables: what the request writer and the reply reader need to know of
// each field, looked up once at start instead of through descriptors on every call.
//
// Thread-safety: built by one thread (Plans), then immutable and shared.
// Lifetime: plans live as long as the Plans that made them; they keep no pointer to descriptors.
#ifndef UPSTREAM_MAPPING_PLAN_H_
#define UPSTREAM_MAPPING_PLAN_H_

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway::mapping {

struct MessagePlan;

enum class Kind : uint8_t {
  kString,
  kInt32,
  kInt64,
  kDouble,
  kBool,
  kEnum,
  kTimestamp,  // google.protobuf.Timestamp, RFC 3339 in JSON unless the format says otherwise
  kMessage,
  kStruct,  // google.protobuf.Struct, Value and ListValue: JSON of any form
  kValue,
  kListValue,
};

enum class Cardinality : uint8_t { kSingular, kRepeated, kMap };

// What gateway.v1.Format says beyond the kind.
enum class Format : uint8_t {
  kNone,
  kFlakeId,
  kSteamId,
  kIso8601Duration,
  kInt32,
  kEpochSeconds,
  kDigits,
  kStringOrNull,
  kScalar,
};

struct EnumPlan {
  struct Value {
    int32_t number = 0;
    std::string text;
  };

  // Empty for 0 (not set, not recognized) and for numbers that the enum does not have.
  absl::string_view TextOf(int64_t number) const;

  // Nothing for a text that the enum does not have.
  std::optional<int32_t> NumberOf(absl::string_view text) const;

  std::vector<Value> values;  // sorted by number, without 0
  absl::flat_hash_map<std::string, int32_t> numbers;
};

struct FieldPlan {
  uint32_t number = 0;
  uint32_t index = 0;     // position in MessagePlan::fields
  std::string name;       // as in the proto
  std::string wire_name;  // as in JSON or in the query
  std::string json_key;   // `"wire_name":`
  std::string full_name;  // "paynow.management.v1.OrderDto.status"

  // For a map: of its values. The keys are strings.
  Kind kind = Kind::kString;
  Format format = Format::kNone;
  Cardinality cardinality = Cardinality::kSingular;

  bool required = false;
  bool nullable = false;
  bool sensitive = false;
  std::optional<int64_t> minimum;
  std::optional<int64_t> maximum;
  std::optional<uint32_t> min_items;
  std::optional<uint32_t> max_items;
  std::optional<uint32_t> min_length;
  std::optional<uint32_t> max_length;
  std::optional<uint32_t> max_key_length;
  std::optional<int64_t> min_seconds_ahead;
  std::optional<int64_t> max_seconds_ahead;
  std::vector<std::string> aliases;
  bool empty_is_unset = false;
  bool local = false;
  bool rest = false;

  const MessagePlan* message = nullptr;   // kMessage only
  const EnumPlan* enumeration = nullptr;  // kEnum only
};

struct MessagePlan {
  const FieldPlan* ByNumber(uint32_t number) const {
    return number < by_number.size() ? by_number[number] : nullptr;
  }
  const FieldPlan* ByName(absl::string_view name) const;      // proto name
  const FieldPlan* ByWireName(absl::string_view name) const;  // JSON name, or an alias of it

  std::string full_name;
  std::vector<FieldPlan> fields;  // sorted by number
  std::vector<const FieldPlan*> by_number;
  absl::flat_hash_map<absl::string_view, const FieldPlan*> by_wire_name;
  const FieldPlan* rest = nullptr;  // takes the members that no other field takes
};

// Wire names that the configuration states otherwise, by the full name of the field.
using WireNames = std::map<std::string, std::string>;

class Plans {
 public:
  Plans() = default;
  explicit Plans(WireNames wire_names) : wire_names_(std::move(wire_names)) {}

  // The plan of a message type and of everything it reaches. Compiling a type twice gives the same
  // plan. INVALID_ARGUMENT for what cannot be mapped (a type such as bytes, an annotation that does
  // not fit its field); the message names the field. After an error nothing else may be compiled.
  absl::StatusOr<const MessagePlan*> Compile(const google::protobuf::Descriptor& type);

 private:
  absl::Status Fill(const google::protobuf::Descriptor& type, MessagePlan& plan);
  static absl::Status Index(MessagePlan& plan);
  absl::Status FillField(const google::protobuf::FieldDescriptor& field, FieldPlan& plan);
  absl::Status FillType(const google::protobuf::FieldDescriptor& field, FieldPlan& plan);
  absl::StatusOr<const EnumPlan*> CompileEnum(const google::protobuf::EnumDescriptor& type);

  const WireNames wire_names_ = {};
  absl::flat_hash_map<std::string, std::unique_ptr<MessagePlan>> messages_;
  absl::flat_hash_map<std::string, std::unique_ptr<EnumPlan>> enums_;
};

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_PLAN_H_
