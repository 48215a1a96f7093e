// Tests the services beside the RPCs (reflection, health, channelz), and that replies are not
// compressed.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/health.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using google::protobuf::FileDescriptorProto;

// Tests the reflection service under both of its names.
class ServiceSurfaceTest : public testing::TestWithParam<std::string> {
 protected:
  ServiceSurfaceTest() : rpcs_(RpcsOf(stack_.sandbox().contract())) {
    for (const Rpc& rpc : rpcs_) services_.insert(rpc.method->service()->full_name());
    services_.insert("gateway.webhooks.v1.WebhookService");
  }

  // Asks the reflection service one question and returns the answer as JSON.
  Json Reflect(const std::string& question, const std::string& argument) {
    const Descriptor& type = TypeNamed(absl::StrCat(GetParam(), "Request"));
    const std::unique_ptr<Message> request = NewMessage(type);
    request->GetReflection()->SetString(request.get(), type.FindFieldByName(question), argument);
    const Answer answer = stack_.caller().CallStream(
        absl::StrCat("/", GetParam(), "/ServerReflectionInfo"), request->SerializeAsString());
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    const std::unique_ptr<Message> reply =
        NewMessage(TypeNamed(absl::StrCat(GetParam(), "Response")));
    EXPECT_TRUE(reply->ParseFromString(answer.message));
    return ProtoJson().Members(*reply);
  }

  // Returns the files that the server sends for the question. Their imports may be included.
  std::vector<FileDescriptorProto> Files(const std::string& question, const std::string& argument) {
    const Json reply = Reflect(question, argument);
    std::vector<FileDescriptorProto> files;
    if (!reply.contains("file_descriptor_response")) {
      ADD_FAILURE() << question << " " << argument << ": no file";
      return files;
    }
    for (const Json& bytes : reply["file_descriptor_response"]["file_descriptor_proto"]) {
      EXPECT_TRUE(files.emplace_back().ParseFromString(bytes.get<std::string>())) << argument;
    }
    return files;
  }

  bool Declares(const std::vector<FileDescriptorProto>& files, const std::string& symbol) {
    for (const FileDescriptorProto& file : files) {
      const std::string prefix = absl::StrCat(file.package(), ".");
      for (const auto& service : file.service()) {
        if (prefix + service.name() == symbol) return true;
      }
      for (const auto& message : file.message_type()) {
        if (prefix + message.name() == symbol) return true;
      }
    }
    return false;
  }

  std::string Health(const std::string& service) {
    const Answer answer = stack_.caller().Call(kHealthCheck, HealthRequest(service));
    EXPECT_TRUE(answer.status.ok()) << service << ": " << answer.status.error_message();
    return answer.message;
  }

  Stack stack_;
  const std::vector<Rpc> rpcs_;
  std::set<std::string> services_;
};

TEST_P(ServiceSurfaceTest, ReflectionListsEveryService) {
  std::set<std::string> listed;
  const Json reply = Reflect("list_services", "");
  for (const Json& service : reply["list_services_response"]["service"]) {
    listed.insert(service["name"].get<std::string>());
  }
  std::cout << "services listed: " << listed.size() << ", of the contract: " << services_.size()
            << "\n";
  for (const std::string& service : services_) EXPECT_EQ(listed.count(service), 1u) << service;
  for (const char* const other :
       {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
        "grpc.health.v1.Health", "grpc.channelz.v1.Channelz"}) {
    EXPECT_EQ(listed.count(other), 1u) << other;
  }
  EXPECT_EQ(listed.size(), services_.size() + 4);
}

// A client that lists services next asks for the descriptor of each service.
TEST_P(ServiceSurfaceTest, ReflectionDescribesAllThatItLists) {
  const Json reply = Reflect("list_services", "");
  for (const Json& service : reply["list_services_response"]["service"]) {
    const std::string name = service["name"].get<std::string>();
    EXPECT_TRUE(Declares(Files("file_containing_symbol", name), name)) << name;
  }
}

TEST_P(ServiceSurfaceTest, ReflectionShowsComments) {
  for (const FileDescriptorProto& file :
       Files("file_containing_symbol", "paynow.management.v1.OrdersService.RefundOrder")) {
    if (!absl::EndsWith(file.name(), "orders.proto")) continue;
    std::string comments;
    for (const auto& location : file.source_code_info().location()) {
      absl::StrAppend(&comments, location.leading_comments());
    }
    EXPECT_THAT(comments, testing::HasSubstr("safe to repeat"));
    return;
  }
  ADD_FAILURE() << "no file of orders";
}

TEST_P(ServiceSurfaceTest, ReflectionSaysWhatItDoesNotKnow) {
  for (const char* const question :
       {"file_by_filename", "file_containing_symbol", "all_extension_numbers_of_type"}) {
    const Json reply = Reflect(question, "nobody.Knows");
    ASSERT_TRUE(reply.contains("error_response")) << question;
    EXPECT_EQ(reply["error_response"]["error_code"], 5) << question;
  }
}

TEST_P(ServiceSurfaceTest, ReflectionFindsExtensions) {
  const Json numbers = Reflect("all_extension_numbers_of_type", "google.protobuf.MethodOptions");
  EXPECT_THAT(numbers["all_extension_numbers_response"]["extension_number"],
              testing::Contains(72295728));  // google.api.http
}

TEST_P(ServiceSurfaceTest, ReflectionResolvesEverySymbol) {
  std::set<std::string> symbols = services_;
  for (const Rpc& rpc : rpcs_) {
    symbols.insert(rpc.method->input_type()->full_name());
    symbols.insert(rpc.method->output_type()->full_name());
  }
  for (const std::string& symbol : symbols) {
    EXPECT_TRUE(Declares(Files("file_containing_symbol", symbol), symbol)) << symbol;
  }
  for (const Rpc& rpc : rpcs_) {
    const auto files = Files("file_containing_symbol", rpc.method->full_name());
    EXPECT_TRUE(Declares(files, rpc.method->service()->full_name())) << rpc.name();
  }
  std::cout << "symbols resolved: " << symbols.size() + rpcs_.size() << "\n";
}

// A client that shows methods needs each file and, transitively, each imported file.
TEST_P(ServiceSurfaceTest, ReflectionGivesEveryFileThatIsImported) {
  std::set<std::string> known;
  std::vector<std::string> open;
  for (const std::string& service : services_) {
    for (const FileDescriptorProto& file : Files("file_containing_symbol", service)) {
      open.push_back(file.name());
    }
  }
  while (!open.empty()) {
    const std::string name = open.back();
    open.pop_back();
    if (!known.insert(name).second) continue;
    bool found = false;
    for (const FileDescriptorProto& file : Files("file_by_filename", name)) {
      found |= file.name() == name;
      open.insert(open.end(), file.dependency().begin(), file.dependency().end());
    }
    EXPECT_TRUE(found) << name;
  }
  EXPECT_EQ(known.count("google/api/http.proto"), 1u);
  EXPECT_EQ(known.count("gateway/v1/annotations.proto"), 1u);
  std::cout << "files: " << known.size() << "\n";
}

TEST_P(ServiceSurfaceTest, HealthIsToldOverallAndByService) {
  EXPECT_EQ(Health(""), kServing);
  for (const std::string& service : services_) EXPECT_EQ(Health(service), kServing) << service;
  const Answer unknown = stack_.caller().Call(kHealthCheck, HealthRequest("no.such.Service"));
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::NOT_FOUND);
}

// Watches the health of one service, one message at a time.
class Watch {
 public:
  Watch(int port, const std::string& service)
      : stub_(grpc::CreateChannel(absl::StrCat("127.0.0.1:", port),
                                  grpc::InsecureChannelCredentials())) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    call_ = stub_.PrepareCall(&context_, kHealthWatch, &queue_);
    call_->StartCall(nullptr);
    Wait();
    const grpc::Slice slice(HealthRequest(service));
    call_->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    Wait();
  }

  ~Watch() {
    context_.TryCancel();
    grpc::Status status;
    call_->Finish(&status, nullptr);
    Wait();
  }

  // Returns the next message; "" at the end of the stream.
  std::string Next() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, nullptr);
    grpc::Slice slice;
    if (!Wait() || !buffer.DumpToSingleSlice(&slice).ok()) return "";
    return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }

 private:
  bool Wait() {
    void* tag;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

TEST_P(ServiceSurfaceTest, DrainingIsToldFirst) {
  std::thread drain;
  {
    Watch overall(stack_.gateway().port(), "");
    Watch orders(stack_.gateway().port(), "paynow.management.v1.OrdersService");
    EXPECT_EQ(overall.Next(), kServing);
    EXPECT_EQ(orders.Next(), kServing);
    drain = std::thread([this] { stack_.gateway().Drain(); });
    EXPECT_EQ(overall.Next(), kNotServing);
    EXPECT_EQ(orders.Next(), kNotServing);
  }
  drain.join();
}

TEST_P(ServiceSurfaceTest, ChannelzKnowsTheServer) {
  const Answer answer = stack_.caller().Call("/grpc.channelz.v1.Channelz/GetServers", "");
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  const std::unique_ptr<Message> reply =
      NewMessage(TypeNamed("grpc.channelz.v1.GetServersResponse"));
  ASSERT_TRUE(reply->ParseFromString(answer.message));
  EXPECT_GE(ProtoJson().Members(*reply)["server"].size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(, ServiceSurfaceTest,
                         testing::Values("grpc.reflection.v1.ServerReflection",
                                         "grpc.reflection.v1alpha.ServerReflection"),
                         [](const auto& info) {
                           return info.param == "grpc.reflection.v1.ServerReflection" ? "V1"
                                                                                      : "V1Alpha";
                         });

// The caller accepts gzip but does not decompress. So a compressed reply would not show the URL.
TEST(ReplyTest, IsNotCompressed) {
  const std::string url(100'000, 'a');
  Stack stack;
  const std::vector<Rpc> rpcs = RpcsOf(stack.sandbox().contract());
  const ReadyCall checkout = Ready(rpcs, kCheckout);
  Json reply = checkout.sample.reply;
  reply["url"] = url;
  stack.sandbox().OnRequest([&](const sandbox::Received&) { return JsonReply(201, reply); });
  const Answer answer = stack.caller().Call(checkout.rpc->path, checkout.bytes);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_THAT(answer.message, testing::HasSubstr(url));
}

}  // namespace
}  // namespace gateway::end_to_end
