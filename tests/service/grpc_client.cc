#include "tests/service/grpc_client.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include "tools/grpc_call/local_connect.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;

constexpr auto kPatience = std::chrono::seconds(30);

void Require(bool fine, const std::string& what) {
  if (fine) return;
  std::cerr << what << "\n";
  std::abort();
}

const google::protobuf::MethodDescriptor& FindMethod(std::string name) {
  mapping::EmbeddedFiles();
  name[name.find('/')] = '.';
  const auto* method = DescriptorPool::generated_pool()->FindMethodByName(name);
  Require(method != nullptr, name);
  return *method;
}

std::string FromJson(Message& message, const std::string& json) {
  Require(google::protobuf::util::JsonStringToMessage(json, &message).ok(), json);
  return message.SerializeAsString();
}

std::string ToJson(Message& message, const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  Require(bytes.DumpToSingleSlice(&slice).ok() &&
              message.ParseFromArray(slice.begin(), static_cast<int>(slice.size())),
          "a reply that cannot be parsed");
  std::string json;
  Require(google::protobuf::util::MessageToJsonString(message, &json).ok(), "a reply without JSON");
  return json;
}

struct RawAnswer {
  grpc::Status status;
  grpc::ByteBuffer reply;
  std::multimap<std::string, std::string> trailers;
};

RawAnswer CallBytes(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                    const std::string& request,
                    const std::multimap<std::string, std::string>& metadata,
                    std::optional<std::chrono::milliseconds> patience) {
  const grpc::Slice slice(request);
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
  const auto deadline = std::chrono::system_clock::now() + patience.value_or(kPatience);
  if (patience) context.set_deadline(deadline);
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/" + method, grpc::ByteBuffer(&slice, 1), &queue);
  call->StartCall();
  RawAnswer answer;
  call->Finish(&answer.reply, &answer.status, nullptr);
  void* tag;
  bool ok;
  Require(queue.AsyncNext(&tag, &ok, deadline + kPatience) == grpc::CompletionQueue::GOT_EVENT,
          "no answer");
  for (const auto& [name, value] : context.GetServerTrailingMetadata()) {
    answer.trailers.emplace(std::string(name.data(), name.size()),
                            std::string(value.data(), value.size()));
  }
  return answer;
}

RpcAnswer CallOn(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const std::string& request,
                 const std::multimap<std::string, std::string>& metadata,
                 std::optional<std::chrono::milliseconds> patience) {
  const auto& descriptor = FindMethod(method);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(factory.GetPrototype(descriptor.input_type())->New());
  RawAnswer raw = CallBytes(channel, method, FromJson(*message, request), metadata, patience);
  RpcAnswer answer{std::move(raw.status), "", std::move(raw.trailers)};
  if (answer.status.ok()) {
    const std::unique_ptr<Message> parsed(factory.GetPrototype(descriptor.output_type())->New());
    answer.reply = ToJson(*parsed, raw.reply);
  }
  return answer;
}

std::shared_ptr<grpc::Channel> ChannelOf(const std::string& address, const RpcOptions& options) {
  return options.channel == nullptr ? OwnChannel(address, options.credentials) : options.channel;
}

}  // namespace

RpcAnswer CallRpc(const std::string& address, const std::string& method, const std::string& request,
                  bool deadline_set) {
  return CallOn(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()), method, request,
                {}, deadline_set ? std::optional(RpcOptions().deadline) : std::nullopt);
}

RpcAnswer CallRpc(const std::string& address, const std::string& method, const std::string& request,
                  const RpcOptions& options) {
  return CallOn(ChannelOf(address, options), method, request, options.metadata, options.deadline);
}

std::string RequestBytes(const std::string& method, const std::string& json) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(
      factory.GetPrototype(FindMethod(method).input_type())->New());
  return FromJson(*message, json);
}

grpc::Status StatusOf(const std::string& address, const std::string& method,
                      const std::string& request, const RpcOptions& options) {
  return CallBytes(ChannelOf(address, options), method, request, options.metadata, options.deadline)
      .status;
}

RpcAnswer CallBytesOf(const std::string& address, const std::string& method,
                      const std::string& request, const RpcOptions& options) {
  RawAnswer raw =
      CallBytes(ChannelOf(address, options), method, request, options.metadata, options.deadline);
  return {std::move(raw.status), "", std::move(raw.trailers)};
}

std::shared_ptr<grpc::Channel> OwnChannel(
    const std::string& address, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

HealthWatch::HealthWatch(const std::string& address)
    : stub_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {
  context_.set_deadline(std::chrono::system_clock::now() + kPatience);
  stream_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
  stream_->StartCall(nullptr);
  Require(Succeeded(), "Health/Watch");
  const grpc::Slice request;  // an empty HealthCheckRequest: the server as a whole
  stream_->Write(grpc::ByteBuffer(&request, 1), nullptr);
  Require(Succeeded(), "Health/Watch");
}

HealthWatch::~HealthWatch() {
  context_.TryCancel();
  grpc::Status status;
  stream_->Finish(&status, nullptr);
  Succeeded();
}

bool HealthWatch::NextIsServing() {
  grpc::ByteBuffer reply;
  stream_->Read(&reply, nullptr);
  grpc::Slice slice;
  // HealthCheckResponse{status: SERVING}
  return Succeeded() && reply.DumpToSingleSlice(&slice).ok() &&
         std::string(slice.begin(), slice.end()) == std::string("\x08\x01");
}

bool HealthWatch::Succeeded() {
  void* tag;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

}  // namespace gateway
