// grpc-call: one unary call from the command line, JSON in and JSON out. It takes grpcurl's arguments, so that the
// README's recipes run on a machine that has no grpcurl; it knows the gateway's own protos and asks no reflection.
//
//   grpc-call -plaintext -d '{"limit": 3}' HOST:PORT paynow.management.v1.OrdersService/GetOrders
//
// Exits 0 for OK; otherwise 64 + the status code, with code, message and details on standard error.
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "upstream/mapping/descriptors.h"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kUsage = 2;
constexpr int kStatusBase = 64;
constexpr auto kTimeout = std::chrono::seconds(30);

struct Arguments {
  std::string data = "{}";
  std::string address;
  std::string method;  // "package.Service/Method"
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  int position = 0;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    if (argument == "-plaintext") continue;
    if (argument == "-d" && i + 1 < argc) {
      arguments.data = argv[++i];
    } else if (!argument.empty() && argument[0] != '-' && position < 2) {
      (position++ == 0 ? arguments.address : arguments.method) = std::string(argument);
    } else {
      return std::nullopt;
    }
  }
  if (position < 2) return std::nullopt;
  return arguments;
}

const MethodDescriptor* FindMethod(std::string name) {
  gateway::mapping::EmbeddedFiles();
  if (const size_t slash = name.find('/'); slash != std::string::npos) name[slash] = '.';
  return DescriptorPool::generated_pool()->FindMethodByName(name);
}

grpc::ByteBuffer ToBuffer(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

bool FromBuffer(const grpc::ByteBuffer& buffer, Message& message) {
  grpc::Slice slice;
  return buffer.DumpToSingleSlice(&slice).ok() &&
         message.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

struct Answer {
  grpc::Status status;
  grpc::ByteBuffer reply;
};

Answer Call(const Arguments& arguments, const std::string& path, const Message& request) {
  grpc::GenericStub stub(
      grpc::CreateChannel(arguments.address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
  grpc::CompletionQueue queue;
  Answer answer;
  const auto call = stub.PrepareUnaryCall(&context, path, ToBuffer(request), &queue);
  call->StartCall();
  call->Finish(&answer.reply, &answer.status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  return answer;
}

int PrintError(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  details.set_code(status.error_code());
  details.set_message(status.error_message());
  std::fprintf(stderr, "ERROR\n%s", ToJson(details).c_str());
  return kStatusBase + status.error_code();
}

int Run(const Arguments& arguments) {
  const MethodDescriptor* method = FindMethod(arguments.method);
  if (method == nullptr) {
    std::fprintf(stderr, "no such method: %s\n", arguments.method.c_str());
    return kUsage;
  }
  DynamicMessageFactory factory;
  const std::unique_ptr<Message> request(factory.GetPrototype(method->input_type())->New());
  const auto parsed = google::protobuf::util::JsonStringToMessage(arguments.data, request.get());
  if (!parsed.ok()) {
    std::fprintf(stderr, "request: %s\n", parsed.ToString().c_str());
    return kUsage;
  }
  const Answer answer =
      Call(arguments, "/" + method->service()->full_name() + "/" + method->name(), *request);
  if (!answer.status.ok()) return PrintError(answer.status);
  const std::unique_ptr<Message> reply(factory.GetPrototype(method->output_type())->New());
  if (!FromBuffer(answer.reply, *reply)) {
    std::fprintf(stderr, "the reply is not a valid %s\n", reply->GetTypeName().c_str());
    return 1;
  }
  std::fputs(ToJson(*reply).c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // Linked in so that error details can be shown.
  google::rpc::ErrorInfo::descriptor();
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::fputs("Usage: grpc-call [-plaintext] [-d JSON] HOST:PORT SERVICE/METHOD\n", stderr);
    return kUsage;
  }
  return Run(*arguments);
}
