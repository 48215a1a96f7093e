#include "upstream/mapping/plan.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/v1/annotations.pb.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// With a larger field number, by_number would waste memory. No DTO needs one.
constexpr int kMaxFieldNumber = 4096;

absl::Status Bad(const FieldDescriptor& field, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(field.full_name(), ": ", reason));
}

// Returns "ORDER_STATUS_" for an enum whose value 0 is ORDER_STATUS_UNSPECIFIED; "" if the value 0
// has a name of another form.
absl::string_view PrefixOf(const EnumDescriptor& type) {
  absl::string_view prefix = type.FindValueByNumber(0)->name();
  return absl::ConsumeSuffix(&prefix, "UNSPECIFIED") ? prefix : "";
}

// The types whose JSON is not that of an ordinary message.
std::optional<Kind> WellKnown(absl::string_view full_name) {
  if (full_name == "google.protobuf.Timestamp") return Kind::kTimestamp;
  if (full_name == "google.protobuf.Struct") return Kind::kStruct;
  if (full_name == "google.protobuf.Value") return Kind::kValue;
  if (full_name == "google.protobuf.ListValue") return Kind::kListValue;
  return std::nullopt;
}

std::optional<Kind> ScalarKind(FieldDescriptor::Type type) {
  switch (type) {
    case FieldDescriptor::TYPE_STRING:
      return Kind::kString;
    case FieldDescriptor::TYPE_INT32:
      return Kind::kInt32;
    case FieldDescriptor::TYPE_INT64:
      return Kind::kInt64;
    case FieldDescriptor::TYPE_DOUBLE:
      return Kind::kDouble;
    case FieldDescriptor::TYPE_BOOL:
      return Kind::kBool;
    default:
      return std::nullopt;
  }
}

Format FormatOf(v1::Format format) {
  switch (format) {
    case v1::FLAKE_ID:
      return Format::kFlakeId;
    case v1::STEAM_ID:
      return Format::kSteamId;
    case v1::ISO8601_DURATION:
      return Format::kIso8601Duration;
    case v1::INT32:
      return Format::kInt32;
    case v1::EPOCH_SECONDS:
      return Format::kEpochSeconds;
    case v1::DIGITS:
      return Format::kDigits;
    case v1::STRING_OR_NULL:
      return Format::kStringOrNull;
    case v1::SCALAR:
      return Format::kScalar;
    default:
      return Format::kNone;
  }
}

// Copies the rules that need no conversion by the field's type.
void ReadRules(const v1::FieldRules& rules, FieldPlan& plan) {
  plan.required = rules.required();
  plan.nullable = rules.nullable();
  plan.sensitive = rules.sensitive() || rules.credential();
  plan.format = FormatOf(rules.format());
  if (rules.has_minimum()) plan.minimum = rules.minimum();
  if (rules.has_maximum()) plan.maximum = rules.maximum();
  if (rules.has_min_items()) plan.min_items = rules.min_items();
  if (rules.has_max_items()) plan.max_items = rules.max_items();
  if (rules.has_min_length()) plan.min_length = rules.min_length();
  if (rules.has_max_length()) plan.max_length = rules.max_length();
  if (rules.has_max_key_length()) plan.max_key_length = rules.max_key_length();
  if (rules.has_min_seconds_ahead()) plan.min_seconds_ahead = rules.min_seconds_ahead();
  if (rules.has_max_seconds_ahead()) plan.max_seconds_ahead = rules.max_seconds_ahead();
  plan.aliases.assign(rules.alias().begin(), rules.alias().end());
  plan.empty_is_unset = rules.empty_is_unset();
  plan.local = rules.local();
  plan.rest = rules.rest();
  plan.null_when_unset = rules.null_when_unset();
  plan.loose = rules.loose();
}

// Whether a field holds an id: by a format for ids, or by its name, because some upstreams document
// no format for ids.
bool IsId(const FieldPlan& plan) {
  if (plan.kind != Kind::kString) return false;
  return plan.format == Format::kFlakeId || plan.format == Format::kSteamId || plan.name == "id" ||
         absl::EndsWith(plan.name, "_id") || absl::EndsWith(plan.name, "_ids");
}

absl::Status CheckFormat(const FieldDescriptor& field, const FieldPlan& plan) {
  switch (plan.format) {
    case Format::kNone:
      return absl::OkStatus();
    case Format::kInt32:
      if (plan.kind == Kind::kInt64) return absl::OkStatus();
      return Bad(field, "format INT32 needs an int64 field");
    case Format::kEpochSeconds:
      if (plan.kind == Kind::kTimestamp) return absl::OkStatus();
      return Bad(field, "format EPOCH_SECONDS needs a google.protobuf.Timestamp field");
    case Format::kFlakeId:
      if (plan.kind == Kind::kString || plan.kind == Kind::kInt64) return absl::OkStatus();
      return Bad(field, "format FLAKE_ID needs a string or an int64 field");
    case Format::kStringOrNull:
    case Format::kScalar:
      if (plan.kind == Kind::kValue) return absl::OkStatus();
      return Bad(field, "this format needs a google.protobuf.Value field");
    default:
      if (plan.kind == Kind::kString) return absl::OkStatus();
      return Bad(field, "this format needs a string field");
  }
}

absl::Status CheckLengths(const FieldDescriptor& field, const FieldPlan& plan) {
  const bool text = plan.kind == Kind::kString || plan.kind == Kind::kValue;
  if ((plan.min_length || plan.max_length) && !text) {
    return Bad(field, "min_length and max_length need a string field");
  }
  if (plan.min_length && plan.max_length && *plan.min_length > *plan.max_length) {
    return Bad(field, "min_length exceeds max_length");
  }
  if (plan.max_key_length && plan.cardinality != Cardinality::kMap) {
    return Bad(field, "max_key_length needs a map");
  }
  if (plan.empty_is_unset &&
      (plan.kind != Kind::kString || plan.cardinality != Cardinality::kSingular)) {
    return Bad(field, "empty_is_unset needs a string field");
  }
  return absl::OkStatus();
}

absl::Status CheckAbsence(const FieldDescriptor& field, const FieldPlan& plan) {
  if (plan.null_when_unset &&
      (!plan.nullable || plan.required || plan.cardinality != Cardinality::kSingular)) {
    return Bad(field, "null_when_unset needs a nullable field that is neither required nor a list");
  }
  if (plan.loose && plan.kind != Kind::kString) {
    return Bad(field, "loose needs a string field, a list or a map of strings");
  }
  return absl::OkStatus();
}

absl::Status CheckTimes(const FieldDescriptor& field, const FieldPlan& plan) {
  if ((plan.min_seconds_ahead || plan.max_seconds_ahead) && plan.kind != Kind::kTimestamp) {
    return Bad(field, "bounds ahead of the present need a google.protobuf.Timestamp field");
  }
  if (plan.min_seconds_ahead && plan.max_seconds_ahead &&
      *plan.min_seconds_ahead > *plan.max_seconds_ahead) {
    return Bad(field, "min_seconds_ahead exceeds max_seconds_ahead");
  }
  return absl::OkStatus();
}

// Refuses annotations that do not fit the type of the field: they are mistakes, and should be found
// at start.
absl::Status CheckRules(const FieldDescriptor& field, const FieldPlan& plan) {
  const bool integer = plan.kind == Kind::kInt32 || plan.kind == Kind::kInt64;
  if ((plan.minimum || plan.maximum) && !integer) return Bad(field, "bounds need an integer field");
  if (plan.minimum && plan.maximum && *plan.minimum > *plan.maximum) {
    return Bad(field, "minimum exceeds maximum");
  }
  if ((plan.min_items || plan.max_items) && plan.cardinality == Cardinality::kSingular) {
    return Bad(field, "min_items and max_items need a repeated field");
  }
  if (plan.min_items && plan.max_items && *plan.min_items > *plan.max_items) {
    return Bad(field, "min_items exceeds max_items");
  }
  for (const auto check : {CheckFormat, CheckLengths, CheckTimes, CheckAbsence}) {
    absl::Status status = check(field, plan);
    if (!status.ok()) return status;
  }
  const bool free_object = plan.kind == Kind::kStruct && plan.cardinality == Cardinality::kSingular;
  if (plan.rest && (!free_object || plan.required || !plan.aliases.empty())) {
    return Bad(field, "rest needs a google.protobuf.Struct field that is not required");
  }
  const bool scalar = field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  if (scalar && plan.cardinality == Cardinality::kSingular && !field.has_presence()) {
    return Bad(field, "a scalar must be `optional`: not set and 0 are different things");
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view EnumPlan::TextOf(int64_t number) const {
  const auto value =
      std::lower_bound(values.begin(), values.end(), number,
                       [](const Value& value, int64_t wanted) { return value.number < wanted; });
  if (value == values.end() || value->number != number) return "";
  return value->text;
}

std::optional<int32_t> EnumPlan::NumberOf(absl::string_view text) const {
  const size_t found = texts.Find(text);
  if (found == NameTable::kNone) return std::nullopt;
  return values[found].number;
}

const FieldPlan* MessagePlan::ByName(absl::string_view name) const {
  for (const FieldPlan& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

absl::StatusOr<const MessagePlan*> Plans::Compile(const Descriptor& type) {
  std::unique_ptr<MessagePlan>& slot = messages_[type.full_name()];
  if (slot != nullptr) return slot.get();
  if (WellKnown(type.full_name())) {
    return absl::InvalidArgumentError(
        absl::StrCat(type.full_name(), ": has a JSON form of its own, and can only be a field"));
  }
  slot = std::make_unique<MessagePlan>();  // before Fill: a type may contain itself
  MessagePlan& plan = *slot;
  absl::Status status = Fill(type, plan);
  if (!status.ok()) return status;
  return &plan;
}

absl::Status Plans::Fill(const Descriptor& type, MessagePlan& plan) {
  plan.full_name = type.full_name();
  std::vector<const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.push_back(type.field(i));
  std::sort(fields.begin(), fields.end(),
            [](const auto* a, const auto* b) { return a->number() < b->number(); });
  if (fields.size() > FieldSet::kLimit) {
    return absl::InvalidArgumentError(
        absl::StrCat(type.full_name(), ": has more than ", FieldSet::kLimit, " fields"));
  }
  plan.fields.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    plan.fields[i].index = static_cast<uint32_t>(i);
    absl::Status status = FillField(*fields[i], plan.fields[i]);
    if (!status.ok()) return status;
  }
  return Index(plan);
}

// Must be called when all fields are there, because it keeps pointers to them.
absl::Status Plans::Index(MessagePlan& plan) {
  std::vector<absl::string_view> wire_names;
  absl::flat_hash_set<absl::string_view> known;
  for (const FieldPlan& field : plan.fields) {
    if (field.number >= plan.by_number.size()) plan.by_number.resize(field.number + 1);
    plan.by_number[field.number] = &field;
    if (field.required) plan.required.Insert(field.index);
    if (field.required || field.null_when_unset) plan.written.Insert(field.index);
    if (field.rest) {
      if (plan.rest != nullptr) {
        return absl::InvalidArgumentError(absl::StrCat(field.full_name, ": is a second rest"));
      }
      plan.rest = &field;
      continue;
    }
    std::vector<absl::string_view> names(field.aliases.begin(), field.aliases.end());
    names.emplace_back(field.wire_name);
    for (const absl::string_view name : names) {
      if (!known.insert(name).second) {
        return absl::InvalidArgumentError(
            absl::StrCat(field.full_name, ": another field has the wire name ", name));
      }
      wire_names.push_back(name);
      plan.by_wire_name.push_back(&field);
    }
  }
  plan.wire_names = NameTable(std::move(wire_names));
  return absl::OkStatus();
}

absl::Status Plans::FillField(const FieldDescriptor& field, FieldPlan& plan) {
  // If a request's bytes set more than one member of a oneof, all of them would be sent.
  if (field.real_containing_oneof() != nullptr)
    return Bad(field, "a oneof has no JSON mapping here");
  if (field.number() > kMaxFieldNumber) return Bad(field, "field number above 4096");
  const v1::FieldRules& rules = field.options().GetExtension(v1::field);
  plan.number = static_cast<uint32_t>(field.number());
  plan.name = field.name();
  const auto configured = wire_names_.find(field.full_name());
  plan.wire_name = configured != wire_names_.end() ? configured->second
                   : rules.wire_name().empty()     ? field.name()
                                                   : rules.wire_name();
  plan.json_key = absl::StrCat("\"", plan.wire_name, "\":");
  plan.full_name = field.full_name();
  ReadRules(rules, plan);
  for (const char c : plan.wire_name) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      return Bad(field, "wire_name needs escaping in JSON");
    }
  }
  if (field.is_map()) {
    if (field.message_type()->map_key()->type() != FieldDescriptor::TYPE_STRING) {
      return Bad(field, "the keys of a map must be strings");
    }
    plan.cardinality = Cardinality::kMap;
  } else if (field.is_repeated()) {
    plan.cardinality = Cardinality::kRepeated;
  }
  const absl::Status status =
      FillType(field.is_map() ? *field.message_type()->map_value() : field, plan);
  plan.is_id = IsId(plan);
  return status.ok() ? CheckRules(field, plan) : status;
}

absl::Status Plans::FillType(const FieldDescriptor& field, FieldPlan& plan) {
  if (const auto kind = ScalarKind(field.type())) {
    plan.kind = *kind;
    return absl::OkStatus();
  }
  if (field.type() == FieldDescriptor::TYPE_ENUM) {
    plan.kind = Kind::kEnum;
    absl::StatusOr<const EnumPlan*> enumeration = CompileEnum(*field.enum_type());
    if (!enumeration.ok()) return enumeration.status();
    plan.enumeration = *enumeration;
    return absl::OkStatus();
  }
  if (field.type() != FieldDescriptor::TYPE_MESSAGE) {
    return Bad(field, absl::StrCat("type ", field.type_name(), " has no JSON mapping here"));
  }
  if (const auto kind = WellKnown(field.message_type()->full_name())) {
    plan.kind = *kind;
    return absl::OkStatus();
  }
  plan.kind = Kind::kMessage;
  absl::StatusOr<const MessagePlan*> message = Compile(*field.message_type());
  if (!message.ok()) return message.status();
  plan.message = *message;
  return absl::OkStatus();
}

absl::StatusOr<const EnumPlan*> Plans::CompileEnum(const EnumDescriptor& type) {
  std::unique_ptr<EnumPlan>& slot = enums_[type.full_name()];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<EnumPlan>();
  const absl::string_view prefix = PrefixOf(type);
  absl::flat_hash_set<std::string> known;
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() == 0) continue;
    std::string text = value.options().GetExtension(v1::value).text();
    if (text.empty()) {
      absl::string_view name = value.name();
      if (prefix.empty() || !absl::ConsumePrefix(&name, prefix)) {
        return absl::InvalidArgumentError(
            absl::StrCat(value.full_name(), ": does not begin as the value 0 does, ", prefix,
                         "UNSPECIFIED, and has no (gateway.v1.value).text"));
      }
      text = absl::AsciiStrToLower(name);
    }
    if (text.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(value.full_name(), ": has no text"));
    }
    if (!known.insert(text).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(value.full_name(), ": another value has the text \"", text, "\""));
    }
    slot->values.push_back({value.number(), std::move(text)});
  }
  std::sort(slot->values.begin(), slot->values.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<absl::string_view> texts;
  for (const EnumPlan::Value& value : slot->values) texts.emplace_back(value.text);
  slot->texts = NameTable(std::move(texts));
  return slot.get();
}

}  // namespace gateway::mapping
