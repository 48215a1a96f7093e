#include "tools/grpc_call/wire.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gateway::grpc_call {

using google::protobuf::Descriptor;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;

namespace {

// "expires_at" -> "expiresAt": protobuf's JSON spells field mask paths like this.
std::string CamelCase(absl::string_view path) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool word = path[i] == '_' && i + 1 < path.size();
    text.push_back(word ? absl::ascii_toupper(static_cast<unsigned char>(path[++i])) : path[i]);
  }
  return text;
}

// grpcurl accepts a field mask as a message, {"paths": ["a", "b"]}; protobuf's JSON accepts it as
// the text "a,b". This function converts the first form, so both are understood.
std::string WithMasksAsText(const Descriptor& type, const std::string& json) {
  nlohmann::json request = nlohmann::json::parse(json, nullptr, false);
  if (!request.is_object()) return json;
  for (auto& [name, value] : request.items()) {
    const auto* const field = type.FindFieldByName(name);
    const bool mask = field != nullptr && field->message_type() != nullptr &&
                      field->message_type()->full_name() == "google.protobuf.FieldMask";
    if (!mask || !value.is_object() || !value.contains("paths")) continue;
    std::string text;
    for (const nlohmann::json& path : value["paths"]) {
      if (!path.is_string()) return json;
      absl::StrAppend(&text, text.empty() ? "" : ",", CamelCase(path.get<std::string>()));
    }
    value = text;
  }
  return request.dump();
}

}  // namespace

absl::StatusOr<grpc::ByteBuffer> FromJson(const Descriptor& type, const std::string& json) {
  DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(factory.GetPrototype(&type)->New());
  const auto parsed =
      google::protobuf::util::JsonStringToMessage(WithMasksAsText(type, json), message.get());
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
