#include "upstream/mapping/once/field_path.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status NoPath(absl::string_view path, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat("\"", path, "\" ", reason));
}

bool IsMessage(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_map();
}

bool HasText(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE &&
         field.type() != FieldDescriptor::TYPE_BYTES;
}

absl::StatusOr<FieldPath> Resolve(const Descriptor& type, absl::string_view path) {
  FieldPath fields;
  const Descriptor* message = &type;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* const field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr) return NoPath(path, absl::StrCat("is no path of ", type.full_name()));
    fields.push_back(field);
    message = field->message_type();
  }
  return fields;
}

std::string TextOf(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection.GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, field)->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

}  // namespace

absl::StatusOr<FieldPath> ResolveValue(const Descriptor& type, absl::string_view path) {
  absl::StatusOr<FieldPath> fields = Resolve(type, path);
  if (!fields.ok()) return fields;
  for (const FieldDescriptor* const field : *fields) {
    if (field->is_repeated()) return NoPath(path, "has several values");
  }
  if (!HasText(*fields->back())) return NoPath(path, "is no number, text, boolean or enum");
  return fields;
}

absl::StatusOr<FieldPath> ResolveMessages(const Descriptor& type, absl::string_view path) {
  absl::StatusOr<FieldPath> fields = Resolve(type, path);
  if (!fields.ok()) return fields;
  for (const FieldDescriptor* const field : *fields) {
    if (!IsMessage(*field)) return NoPath(path, "does not lead to messages");
  }
  return fields;
}

std::optional<std::string> TextAt(const Message& message, const FieldPath& path) {
  const Message* holder = &message;
  for (size_t i = 0; i < path.size(); ++i) {
    const Reflection& reflection = *holder->GetReflection();
    if (!reflection.HasField(*holder, path[i])) return std::nullopt;
    if (i + 1 == path.size()) return TextOf(*holder, path[i]);
    holder = &reflection.GetMessage(*holder, path[i]);
  }
  return std::nullopt;
}

std::vector<const Message*> MessagesAt(const Message& message, const FieldPath& path) {
  std::vector<const Message*> found = {&message};
  for (const FieldDescriptor* const field : path) {
    std::vector<const Message*> inner;
    for (const Message* const outer : found) {
      const Reflection& reflection = *outer->GetReflection();
      if (!field->is_repeated()) {
        if (reflection.HasField(*outer, field)) {
          inner.push_back(&reflection.GetMessage(*outer, field));
        }
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(*outer, field); ++i) {
        inner.push_back(&reflection.GetRepeatedMessage(*outer, field, i));
      }
    }
    found = std::move(inner);
  }
  return found;
}

}  // namespace gateway::mapping
