// Messages of gateway.webhooks.v1 for tests, through protobuf's reflection: requests built from
// parts, responses read as JSON. Also the schemes of the embedded protos.
//
// Thread-safety: pure functions.
#ifndef TESTS_UPSTREAM_WEBHOOKS_MESSAGE_H_
#define TESTS_UPSTREAM_WEBHOOKS_MESSAGE_H_

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "upstream/mapping/descriptors.h"
#include "upstream/webhooks/scheme.h"

namespace gateway::webhooks {

inline const Schemes& EmbeddedSchemes() {
  static const auto& schemes = *new Schemes(Schemes::Read(mapping::EmbeddedFiles()).value());
  return schemes;
}

inline const Scheme& SchemeOf(absl::string_view provider) {
  return *EmbeddedSchemes().Find(provider);
}

inline std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& name) {
  mapping::EmbeddedFiles();
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  const auto* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          "gateway.webhooks.v1." + name);
  return std::unique_ptr<google::protobuf::Message>(factory.GetPrototype(type)->New());
}

using HeaderList = std::vector<std::pair<std::string, std::string>>;

inline std::string MakeRequest(const std::string& provider, const HeaderList& headers,
                               const std::string& body) {
  const auto message = NewMessage("ParseEventRequest");
  const auto& type = *message->GetDescriptor();
  const auto& reflection = *message->GetReflection();
  reflection.SetString(message.get(), type.FindFieldByName("provider"), provider);
  reflection.SetString(message.get(), type.FindFieldByName("body"), body);
  for (const auto& [name, value] : headers) {
    auto& header = *reflection.AddMessage(message.get(), type.FindFieldByName("headers"));
    const auto& parts = *header.GetDescriptor();
    header.GetReflection()->SetString(&header, parts.FindFieldByName("name"), name);
    header.GetReflection()->SetString(&header, parts.FindFieldByName("value"), value);
  }
  return message->SerializeAsString();
}

// Uses the proto's field names. Returns a discarded value if the bytes are not a
// ParseEventResponse.
inline nlohmann::json ReadResponse(const std::string& bytes) {
  const auto message = NewMessage("ParseEventResponse");
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!message->ParseFromString(bytes) ||
      !google::protobuf::util::MessageToJsonString(*message, &json, options).ok()) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(json);
}

}  // namespace gateway::webhooks

#endif  // TESTS_UPSTREAM_WEBHOOKS_MESSAGE_H_
