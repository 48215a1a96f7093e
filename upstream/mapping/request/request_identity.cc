#include "upstream/mapping/request/request_identity.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>

#include "absl/strings/str_cat.h"

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

}  // namespace

RequestIdentity IdentityOf(const Route& route, absl::string_view message) {
  const std::unique_ptr<Message> request(route.request_prototype->New());
  request->ParsePartialFromArray(message.data(), static_cast<int>(message.size()));
  return {Deterministic(*request), GuardOf(route, *request)};
}

}  // namespace gateway::mapping
