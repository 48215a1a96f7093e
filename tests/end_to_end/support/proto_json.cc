#include "tests/end_to_end/support/proto_json.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace gateway::end_to_end {
namespace {

constexpr char kTimestamp[] = "google.protobuf.Timestamp";
constexpr char kTimeFormat[] = "%E4Y-%m-%dT%H:%M:%E*SZ";

bool IsFreeForm(const Descriptor& type) {
  return type.full_name() == "google.protobuf.Struct" ||
         type.full_name() == "google.protobuf.Value" ||
         type.full_name() == "google.protobuf.ListValue";
}

// Whether the field is an id that is a number in the proto and a text in JSON.
bool IsNumericId(const FieldDescriptor& field) { return RulesOf(field).format() == v1::FLAKE_ID; }

int64_t SecondsOf(const Message& message) {
  return message.GetReflection()->GetInt64(message,
                                           message.GetDescriptor()->FindFieldByName("seconds"));
}

const FieldDescriptor* FindRest(const Descriptor& type) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (RulesOf(*type.field(i)).rest()) return type.field(i);
  }
  return nullptr;
}

void SetTimestamp(Message& message, const Json& value) {
  if (value.is_number_integer()) {
    return message.GetReflection()->SetInt64(
        &message, message.GetDescriptor()->FindFieldByName("seconds"), value.get<int64_t>());
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, value.get<std::string>(), &time, &error)) {
    ADD_FAILURE() << value << ": " << error;
    return;
  }
  const int64_t seconds = absl::ToUnixSeconds(time);
  const auto* type = message.GetDescriptor();
  message.GetReflection()->SetInt64(&message, type->FindFieldByName("seconds"), seconds);
  message.GetReflection()->SetInt32(
      &message, type->FindFieldByName("nanos"),
      static_cast<int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
}

Json TimestampText(const Message& message) {
  const auto* type = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  const absl::Time time =
      absl::FromUnixSeconds(reflection->GetInt64(message, type->FindFieldByName("seconds"))) +
      absl::Nanoseconds(reflection->GetInt32(message, type->FindFieldByName("nanos")));
  return absl::FormatTime(kTimeFormat, time, absl::UTCTimeZone());
}

}  // namespace

const v1::FieldRules& RulesOf(const FieldDescriptor& field) {
  return field.options().GetExtension(v1::field);
}

std::string WireName(const FieldDescriptor& field) {
  const std::string& name = RulesOf(field).wire_name();
  return name.empty() ? field.name() : name;
}

std::string WireText(const EnumValueDescriptor& value) {
  const std::string& text = value.options().GetExtension(v1::value).text();
  if (!text.empty()) return text;
  // The first value is <PREFIX>UNSPECIFIED, so its name shows the prefix of all values.
  const absl::string_view prefix = absl::StripSuffix(value.type()->value(0)->name(), "UNSPECIFIED");
  return absl::AsciiStrToLower(absl::StripPrefix(value.name(), prefix));
}

const FieldDescriptor* FindByWireName(const Descriptor& type, absl::string_view name) {
  for (int i = 0; i < type.field_count(); ++i) {
    if (WireName(*type.field(i)) == name) return type.field(i);
  }
  return nullptr;
}

bool IsWellKnown(const Descriptor& type) {
  return type.full_name() == kTimestamp || type.full_name() == "google.protobuf.FieldMask" ||
         IsFreeForm(type);
}

void AddReachable(const Descriptor& root, std::set<std::string>& names) {
  for (int i = 0; i < root.field_count(); ++i) {
    const FieldDescriptor& field = *root.field(i);
    if (!names.insert(field.full_name()).second) continue;
    const FieldDescriptor& leaf = field.is_map() ? *field.message_type()->map_value() : field;
    if (leaf.message_type() != nullptr && !IsWellKnown(*leaf.message_type())) {
      AddReachable(*leaf.message_type(), names);
    }
  }
}

void ProtoJson::SetMembers(Message& message, const Json& object) {
  ASSERT_TRUE(object.is_object()) << message.GetTypeName() << ": " << object;
  const FieldDescriptor* rest = FindRest(*message.GetDescriptor());
  Json others = Json::object();
  for (const auto& [name, value] : object.items()) {
    const FieldDescriptor* field = FindByWireName(*message.GetDescriptor(), name);
    if (field == nullptr && rest != nullptr) {
      others[name] = value;
    } else if (field == nullptr) {
      ADD_FAILURE() << message.GetTypeName() << " has no field for " << name;
    } else if (!value.is_null() || RulesOf(*field).format() == v1::STRING_OR_NULL) {
      SetField(message, *field, value);
    }
  }
  if (!others.empty()) SetField(message, *rest, others);
}

void ProtoJson::SetField(Message& message, const FieldDescriptor& field, const Json& value) {
  seen_.insert(field.full_name());
  const auto* reflection = message.GetReflection();
  if (field.is_map()) {
    ASSERT_TRUE(value.is_object()) << field.full_name();
    for (const auto& [key, element] : value.items()) {
      Message& entry = *reflection->AddMessage(&message, &field);
      entry.GetReflection()->SetString(&entry, field.message_type()->map_key(), key);
      SetScalar(entry, *field.message_type()->map_value(), element);
    }
  } else if (field.is_repeated()) {
    ASSERT_TRUE(value.is_array()) << field.full_name();
    for (const Json& element : value) SetScalar(message, field, element);
  } else {
    SetScalar(message, field, value);
  }
}

// Sets a singular field, or adds one value to a repeated field.
void ProtoJson::SetScalar(Message& message, const FieldDescriptor& field, const Json& value) {
  const auto* reflection = message.GetReflection();
  const bool add = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: {
      ASSERT_TRUE(value.is_string()) << field.full_name() << ": " << value;
      const auto text = value.get<std::string>();
      return add ? reflection->AddString(&message, &field, text)
                 : reflection->SetString(&message, &field, text);
    }
    case FieldDescriptor::CPPTYPE_INT32: {
      ASSERT_TRUE(value.is_number_integer()) << field.full_name() << ": " << value;
      const auto number = value.get<int64_t>();
      ASSERT_EQ(number, static_cast<int32_t>(number)) << field.full_name();
      return add ? reflection->AddInt32(&message, &field, static_cast<int32_t>(number))
                 : reflection->SetInt32(&message, &field, static_cast<int32_t>(number));
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number = 0;
      if (IsNumericId(field)) {
        ASSERT_TRUE(value.is_string()) << field.full_name() << ": " << value;
        ASSERT_TRUE(absl::SimpleAtoi(value.get<std::string>(), &number)) << field.full_name();
      } else {
        ASSERT_TRUE(value.is_number_integer()) << field.full_name() << ": " << value;
        number = value.get<int64_t>();
      }
      return add ? reflection->AddInt64(&message, &field, number)
                 : reflection->SetInt64(&message, &field, number);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      ASSERT_TRUE(value.is_number()) << field.full_name() << ": " << value;
      return add ? reflection->AddDouble(&message, &field, value.get<double>())
                 : reflection->SetDouble(&message, &field, value.get<double>());
    case FieldDescriptor::CPPTYPE_BOOL:
      ASSERT_TRUE(value.is_boolean()) << field.full_name() << ": " << value;
      return add ? reflection->AddBool(&message, &field, value.get<bool>())
                 : reflection->SetBool(&message, &field, value.get<bool>());
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, value);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SetMessage(*(add ? reflection->AddMessage(&message, &field)
                              : reflection->MutableMessage(&message, &field)),
                        *field.message_type(), value);
    default:
      ADD_FAILURE() << field.full_name() << " has a type that no upstream needs";
  }
}

void ProtoJson::SetEnum(Message& message, const FieldDescriptor& field, const Json& value) {
  ASSERT_TRUE(value.is_string()) << field.full_name() << ": " << value;
  const EnumDescriptor& type = *field.enum_type();
  for (int i = 1; i < type.value_count(); ++i) {
    if (WireText(*type.value(i)) != value.get<std::string>()) continue;
    return field.is_repeated() ? message.GetReflection()->AddEnum(&message, &field, type.value(i))
                               : message.GetReflection()->SetEnum(&message, &field, type.value(i));
  }
  ADD_FAILURE() << type.full_name() << " has no value for " << value;
}

void ProtoJson::SetMessage(Message& message, const Descriptor& type, const Json& value) {
  if (type.full_name() == kTimestamp) return SetTimestamp(message, value);
  if (!IsFreeForm(type)) return SetMembers(message, value);
  const auto status = google::protobuf::util::JsonStringToMessage(value.dump(), &message);
  EXPECT_TRUE(status.ok()) << status.ToString();
}

Json ProtoJson::Members(const Message& message) {
  Json object = Json::object();
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    EXPECT_FALSE(field->is_extension());
    Json value = Value(message, *field);
    if (RulesOf(*field).rest()) {
      object.update(value);
    } else {
      object[WireName(*field)] = std::move(value);
    }
  }
  EXPECT_TRUE(message.GetReflection()->GetUnknownFields(message).empty()) << message.GetTypeName();
  return object;
}

Json ProtoJson::Value(const Message& message, const FieldDescriptor& field) {
  seen_.insert(field.full_name());
  if (!field.is_repeated()) return Element(message, field, -1);
  const auto* reflection = message.GetReflection();
  Json value = field.is_map() ? Json::object() : Json::array();
  for (int i = 0; i < reflection->FieldSize(message, &field); ++i) {
    if (!field.is_map()) {
      value.push_back(Element(message, field, i));
      continue;
    }
    const Message& entry = reflection->GetRepeatedMessage(message, &field, i);
    const auto key = entry.GetReflection()->GetString(entry, field.message_type()->map_key());
    EXPECT_FALSE(value.contains(key)) << field.full_name() << " has " << key << " twice";
    value[key] = Element(entry, *field.message_type()->map_value(), -1);
  }
  return value;
}

// Returns the value of a singular field (index -1), or one element of a repeated field.
Json ProtoJson::Element(const Message& message, const FieldDescriptor& field, int index) {
  const auto* reflection = message.GetReflection();
  const bool single = index < 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return single ? reflection->GetString(message, &field)
                    : reflection->GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT32:
      return single ? reflection->GetInt32(message, &field)
                    : reflection->GetRepeatedInt32(message, &field, index);
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t number = single ? reflection->GetInt64(message, &field)
                                    : reflection->GetRepeatedInt64(message, &field, index);
      return IsNumericId(field) ? Json(absl::StrCat(number)) : Json(number);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return single ? reflection->GetDouble(message, &field)
                    : reflection->GetRepeatedDouble(message, &field, index);
    case FieldDescriptor::CPPTYPE_BOOL:
      return single ? reflection->GetBool(message, &field)
                    : reflection->GetRepeatedBool(message, &field, index);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = single
                                             ? reflection->GetEnum(message, &field)
                                             : reflection->GetRepeatedEnum(message, &field, index);
      // The gateway did not recognize the text. "(unspecified)" differs from every text of an
      // upstream.
      return value->number() == 0 ? "(unspecified)" : WireText(*value);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const Message& value = single ? reflection->GetMessage(message, &field)
                                    : reflection->GetRepeatedMessage(message, &field, index);
      if (RulesOf(field).format() == v1::EPOCH_SECONDS) return SecondsOf(value);
      return OfMessage(value);
    }
    default:
      ADD_FAILURE() << field.full_name() << " has a type that no upstream needs";
      return nullptr;
  }
}

Json ProtoJson::OfMessage(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  if (type.full_name() == kTimestamp) return TimestampText(message);
  if (!IsFreeForm(type)) return Members(message);
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &text).ok());
  return Json::parse(text, nullptr, false);
}

}  // namespace gateway::end_to_end
