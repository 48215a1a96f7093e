// Fuzzes success replies of any upstream: JSON becomes a message or a failure.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "tests/fuzz/support.h"
#include "upstream/mapping/reply/reply_reader.h"

namespace gateway::fuzz {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;

std::unique_ptr<Message> EmptyReplyOf(const mapping::Route& route) {
  static DynamicMessageFactory& factory = *new DynamicMessageFactory;
  const auto* const method = DescriptorPool::generated_pool()->FindMethodByName(route.full_name);
  return std::unique_ptr<Message>(factory.GetPrototype(method->output_type())->New());
}

void Try(absl::string_view input) {
  const auto [route, body] = SplitRoute(input);
  http::Response response;
  response.status = 200;
  response.headers = "Content-Type: application/json\r\n";
  response.body.reserve(body.size() + http::kBodyPadding);
  response.body.assign(body.data(), body.size());
  const auto read = mapping::ReadReply(*route, response);
  if (const auto* const reply = std::get_if<mapping::Reply>(&read)) {
    // Parsing also checks that the strings are UTF-8.
    Require(EmptyReplyOf(*route)->ParseFromString(reply->message), "a reply is the RPC's message");
    return;
  }
  const auto& failure = std::get<mapping::Failure>(read);
  RequireTellsWhy(failure);
  Require(route->access == mapping::Access::kRead || failure.outcome == mapping::Outcome::kUnknown,
          "a write whose answer cannot be read may have happened");
  Require(failure.code != absl::StatusCode::kUnavailable, "what was sent is not safe to repeat");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
