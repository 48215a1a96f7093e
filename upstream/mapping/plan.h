// Message types compiled to tables. The request writer and the reply reader use these tables
// instead of descriptors, so that nothing is looked up by descriptor on a call.
//
// Thread-safety: built by one thread (Plans), then immutable and shared.
// Lifetime: plans live as long as the Plans that made them; they keep no pointer to descriptors.
#ifndef UPSTREAM_MAPPING_PLAN_H_
#define UPSTREAM_MAPPING_PLAN_H_

#include <google/protobuf/descriptor.h>

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "upstream/mapping/name_table.h"

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

// The formats of gateway.v1.Format that refine a kind.
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

  // Returns "" for 0 (not set, not recognized) and for numbers that the enum does not have.
  absl::string_view TextOf(int64_t number) const;

  // Returns nullopt for a text that the enum does not have.
  std::optional<int32_t> NumberOf(absl::string_view text) const;

  std::vector<Value> values;  // sorted by number, without 0
  NameTable texts;            // the texts of `values`, in the same order
};

// Members that every value needs come first, in one cache line.
struct FieldPlan {
  uint32_t number = 0;
  uint32_t index = 0;  // position in MessagePlan::fields

  // For a map, the kind of its values. The keys are strings.
  Kind kind = Kind::kString;
  Format format = Format::kNone;
  Cardinality cardinality = Cardinality::kSingular;

  bool required = false;
  bool nullable = false;
  bool sensitive = false;
  bool empty_is_unset = false;
  bool is_id = false;  // a string that may be a number in a reply
  bool local = false;
  bool rest = false;
  bool null_when_unset = false;
  bool loose = false;

  const MessagePlan* message = nullptr;   // kMessage only
  const EnumPlan* enumeration = nullptr;  // kEnum only

  std::string name;       // as in the proto
  std::string wire_name;  // as in JSON or in the query
  std::string json_key;   // `"wire_name":`
  std::string full_name;  // "paynow.management.v1.OrderDto.status"

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
};

// A set of fields of one message, by FieldPlan::index.
class FieldSet {
 public:
  static constexpr size_t kLimit = 256;

  bool Contains(uint32_t index) const { return (words_[index / 64] >> (index % 64) & 1) != 0; }
  void Insert(uint32_t index) { words_[index / 64] |= uint64_t{1} << (index % 64); }

  // Whether the two sets have a field in common.
  bool Meets(const FieldSet& other) const {
    uint64_t common = 0;
    for (size_t i = 0; i < words_.size(); ++i) common |= words_[i] & other.words_[i];
    return common != 0;
  }

  bool empty() const { return !Meets(*this); }

  // Calls visit(index) for each field that is in this set and not in `other`.
  template <typename Visit>
  void ForEachNotIn(const FieldSet& other, Visit visit) const {
    for (size_t i = 0; i < words_.size(); ++i) {
      for (uint64_t left = words_[i] & ~other.words_[i]; left != 0; left &= left - 1) {
        visit(static_cast<uint32_t>(64 * i + std::countr_zero(left)));
      }
    }
  }

 private:
  std::array<uint64_t, kLimit / 64> words_{};
};

struct MessagePlan {
  const FieldPlan* ByNumber(uint32_t number) const {
    return number < by_number.size() ? by_number[number] : nullptr;
  }
  const FieldPlan* ByName(absl::string_view name) const;  // proto name
  // Finds a field by its JSON name or by an alias.
  ABSL_ATTRIBUTE_ALWAYS_INLINE const FieldPlan* ByWireName(absl::string_view name) const {
    const size_t found = wire_names.Find(name);
    return found == NameTable::kNone ? nullptr : by_wire_name.data()[found];
  }

  std::string full_name;
  std::vector<FieldPlan> fields;  // sorted by number
  std::vector<const FieldPlan*> by_number;
  NameTable wire_names;
  std::vector<const FieldPlan*> by_wire_name;  // by position in wire_names
  FieldSet required;
  FieldSet written;                 // in every request: required, or null if it is not set
  const FieldPlan* rest = nullptr;  // takes the members that no other field takes
};

// Wire names that the configuration overrides, by the full name of the field.
using WireNames = std::map<std::string, std::string>;

class Plans {
 public:
  Plans() = default;
  explicit Plans(WireNames wire_names) : wire_names_(std::move(wire_names)) {}

  // Compiles the plan of a message type, and the plans of all types that it can hold. For a type
  // that was compiled before, returns that plan. INVALID_ARGUMENT if a field cannot be mapped (a
  // type such as bytes, an annotation that does not fit); the message names the field. After an
  // error nothing else may be compiled.
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
