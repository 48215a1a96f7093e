#include "tools/grpc_call/wire.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace gateway::grpc_call {

using google::protobuf::Descriptor;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;

absl::StatusOr<grpc::ByteBuffer> FromJson(const Descriptor& type, const std::string& json) {
  DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(factory.GetPrototype(&type)->New());
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, message.get());
  if (!parsed.ok())
    return absl::InvalidArgumentError(
        absl::string_view(parsed.message().data(), parsed.message().size()));
  const grpc::Slice slice(message->SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

absl::StatusOr<std::string> ToJson(const Descriptor& type, const grpc::ByteBuffer& bytes) {
  DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(factory.GetPrototype(&type)->New());
  grpc::Slice slice;
  if (!bytes.DumpToSingleSlice(&slice).ok() ||
      !message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return absl::InvalidArgumentError(absl::StrCat("not a valid ", type.full_name()));
  }
  return ToJson(*message);
}

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace gateway::grpc_call
