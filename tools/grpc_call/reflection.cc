#include "tools/grpc_call/reflection.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tools/grpc_call/wire.h"

namespace gateway::grpc_call {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using nlohmann::json;

constexpr char kMethod[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr auto kReflectionTimeout = std::chrono::seconds(10);

// gRPC's server library contains the descriptors of the reflection service.
const Descriptor& Type(const std::string& name) {
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  return *DescriptorPool::generated_pool()->FindMessageTypeByName("grpc.reflection.v1alpha." +
                                                                  name);
}

// Sends one message and reads one message, on a stream of its own.
grpc::Status Exchange(const std::shared_ptr<grpc::Channel>& channel,
                      const grpc::ByteBuffer& request, grpc::ByteBuffer& reply) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kReflectionTimeout);
  grpc::CompletionQueue queue;
  const auto succeeded = [&queue] {
    void* tag;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto stream = stub.PrepareCall(&context, kMethod, &queue);
  stream->StartCall(nullptr);
  if (succeeded()) {
    stream->WriteLast(request, grpc::WriteOptions(), nullptr);
    if (succeeded()) {
      stream->Read(&reply, nullptr);
      succeeded();
    }
  }
  grpc::Status status;
  stream->Finish(&status, nullptr);
  succeeded();
  return status;
}

}  // namespace

absl::StatusOr<json> Reflection::Ask(const json& request) {
  const auto sent = FromJson(Type("ServerReflectionRequest"), request.dump());
  if (!sent.ok()) return sent.status();
  grpc::ByteBuffer reply;
  const grpc::Status status = Exchange(channel_, *sent, reply);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        absl::StrCat("reflection: ", status.error_message()));
  }
  const auto text = ToJson(Type("ServerReflectionResponse"), reply);
  if (!text.ok()) return text.status();
  json answer = json::parse(*text);
  if (answer.contains("error_response")) {
    return absl::NotFoundError(
        absl::StrCat("reflection: ", answer["error_response"].value("error_message", "")));
  }
  return answer;
}

absl::StatusOr<std::vector<std::string>> Reflection::Services() {
  auto answer = Ask({{"list_services", ""}});
  if (!answer.ok()) return answer.status();
  std::vector<std::string> names;
  for (const json& service : (*answer)["list_services_response"]["service"]) {
    names.push_back(service.at("name"));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Reflection::Load(const std::string& symbol) {
  auto answer = Ask({{"file_containing_symbol", symbol}});
  if (!answer.ok()) return answer.status();
  for (const json& file : (*answer)["file_descriptor_response"]["file_descriptor_proto"]) {
    std::string bytes;
    google::protobuf::FileDescriptorProto proto;
    if (!absl::Base64Unescape(file.get<std::string>(), &bytes) || !proto.ParseFromString(bytes)) {
      return absl::InternalError("reflection: a file that cannot be read");
    }
    google::protobuf::FileDescriptorProto known;
    if (!files_.FindFileByName(proto.name(), &known)) files_.Add(proto);
  }
  return absl::OkStatus();
}

}  // namespace gateway::grpc_call
