#include "upstream/mapping/request/request_identity.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::mapping {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Deterministic(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

// "" where the field is not set.
std::string TextOf(const Message& message, const FieldDescriptor* field) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.HasField(message, field)) return "";
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, field));
    default:
      return "";
  }
}

std::string GuardOf(const Route& route, const Message& request) {
  if (route.guard.empty()) return "";
  const Message* message = &request;
  for (size_t i = 0; i + 1 < route.guard.size(); ++i) {
    message = &message->GetReflection()->GetMessage(*message, route.guard[i]);
  }
  const std::string value = TextOf(*message, route.guard.back());
  return value.empty() ? "" : absl::StrCat(route.full_name, " ", value);
}

bool CanGuard(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
}

}  // namespace

RequestIdentity IdentityOf(const Route& route, absl::string_view message) {
  const std::unique_ptr<Message> request(route.request_prototype->New());
  request->ParsePartialFromArray(message.data(), static_cast<int>(message.size()));
  return {Deterministic(*request), GuardOf(route, *request)};
}

absl::StatusOr<std::vector<const FieldDescriptor*>> ResolveGuard(
    const google::protobuf::Descriptor& request, absl::string_view path) {
  std::vector<const FieldDescriptor*> fields;
  const google::protobuf::Descriptor* message = &request;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) {
      return absl::InvalidArgumentError(
          absl::StrCat("once.guard: \"", path, "\" is not the path of a single field"));
    }
    fields.push_back(field);
    message = field->message_type();
  }
  if (CanGuard(*fields.back())) return fields;
  return absl::InvalidArgumentError(
      absl::StrCat("once.guard: \"", path, "\" is neither a string nor an integer"));
}

}  // namespace gateway::mapping
