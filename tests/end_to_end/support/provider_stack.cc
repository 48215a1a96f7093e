#include "tests/end_to_end/support/provider_stack.h"

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/end_to_end/support/rpc.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::end_to_end {
namespace {

const google::protobuf::MethodDescriptor& MethodNamed(const std::string& name) {
  mapping::EmbeddedFiles();
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      absl::StrReplaceAll(name, {{"/", "."}}));
  if (method == nullptr) {
    std::cerr << "there is no " << name << "\n";
    std::abort();
  }
  return *method;
}

}  // namespace

ProviderStack::ProviderStack(const StackOptions& options)
    : package_(PackageOf(options.provider)), stack_(options), recorder_(stack_.sandbox()) {}

Answer ProviderStack::Call(const std::string& method, const std::string& json,
                           const Metadata& metadata) {
  const std::unique_ptr<Message> request = NewMessage(*MethodNamed(package_ + method).input_type());
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, request.get());
  EXPECT_TRUE(parsed.ok()) << parsed.ToString() << ": " << json;
  return stack_.caller().CallWith(absl::StrCat("/", package_, method), request->SerializeAsString(),
                                  metadata);
}

Json ProviderStack::Reply(const std::string& method, const std::string& json,
                          const Metadata& metadata) {
  const Answer answer = Call(method, json, metadata);
  EXPECT_TRUE(answer.status.ok()) << method << ": " << answer.status.error_message();
  return ReplyOf(method, answer);
}

Json ProviderStack::ReplyOf(const std::string& method, const Answer& answer) const {
  const std::unique_ptr<Message> reply = NewMessage(*MethodNamed(package_ + method).output_type());
  EXPECT_TRUE(reply->ParseFromString(answer.message));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(*reply, &text, options).ok());
  return Json::parse(text);
}

}  // namespace gateway::end_to_end
