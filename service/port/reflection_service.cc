#include "service/port/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "service/call/byte_buffer.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/wire.h"

namespace gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using mapping::WireReader;
using mapping::WireType;
using mapping::WireValue;
using mapping::WireWriter;

constexpr char kV1Path[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr char kV1AlphaPath[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

// The fields of ServerReflectionRequest and ServerReflectionResponse.
enum Question : uint32_t {
  kHost = 1,
  kFileByName = 3,
  kFileOfSymbol = 4,
  kFileOfExtension = 5,
  kExtensionNumbers = 6,
  kListServices = 7
};
enum Reply : uint32_t {
  kValidHost = 1,
  kOriginalRequest = 2,
  kFiles = 4,
  kNumbers = 5,
  kServices = 6,
  kError = 7
};

using Sent = absl::flat_hash_set<const FileDescriptor*>;

void AddBytes(std::string& message, uint32_t field, absl::string_view bytes) {
  WireWriter writer(message);
  writer.Tag(field, WireType::kBytes);
  writer.Bytes(bytes);
}

void AddNumber(std::string& message, uint32_t field, uint64_t number) {
  WireWriter writer(message);
  writer.Tag(field, WireType::kVarint);
  writer.Varint(number);
}

struct Part {
  Reply field;
  std::string message;
};

Part Fails(grpc::StatusCode code, absl::string_view text) {
  Part part{kError, {}};
  AddNumber(part.message, 1, code);
  AddBytes(part.message, 2, text);
  return part;
}

// Adds the file and, before it, the files that it imports. Each file is sent once on a stream.
void AddFile(const FileDescriptor& file, Sent& sent, std::string& message) {
  if (!sent.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), sent, message);
  const absl::string_view embedded = mapping::EmbeddedBytes(file.name());
  if (!embedded.empty()) return AddBytes(message, 1, embedded);
  FileDescriptorProto proto;
  file.CopyTo(&proto);
  AddBytes(message, 1, proto.SerializeAsString());
}

Part File(const FileDescriptor* file, absl::string_view asked, Sent& sent) {
  if (file == nullptr)
    return Fails(grpc::StatusCode::NOT_FOUND, absl::StrCat("Symbol not found: ", asked));
  Part part{kFiles, {}};
  AddFile(*file, sent, part.message);
  return part;
}

Part FileOfExtension(const DescriptorPool& pool, absl::string_view question, Sent& sent) {
  std::string type;
  uint64_t number = 0;
  WireReader reader(question);
  uint32_t field = 0;
  WireValue value;
  while (!reader.done() && reader.ReadField(field, value)) {
    if (field == 1) type = std::string(value.bytes);
    if (field == 2) number = value.bits;
  }
  const Descriptor* const extendee = pool.FindMessageTypeByName(type);
  const FieldDescriptor* const extension =
      extendee == nullptr ? nullptr
                          : pool.FindExtensionByNumber(extendee, static_cast<int>(number));
  return File(extension == nullptr ? nullptr : extension->file(), absl::StrCat(type, " ", number),
              sent);
}

Part ExtensionNumbers(const DescriptorPool& pool, const std::string& type) {
  const Descriptor* const extendee = pool.FindMessageTypeByName(type);
  if (extendee == nullptr) {
    return Fails(grpc::StatusCode::NOT_FOUND, absl::StrCat("Symbol not found: ", type));
  }
  std::vector<const FieldDescriptor*> extensions;
  pool.FindAllExtensions(extendee, &extensions);
  Part part{kNumbers, {}};
  AddBytes(part.message, 1, type);
  for (const FieldDescriptor* const extension : extensions) {
    AddNumber(part.message, 2, static_cast<uint64_t>(extension->number()));
  }
  return part;
}

Part List(const std::vector<std::string>& services) {
  Part part{kServices, {}};
  for (const std::string& name : services) {
    std::string service;
    AddBytes(service, 1, name);
    AddBytes(part.message, 1, service);
  }
  return part;
}

Part AnswerTo(uint32_t question, absl::string_view argument,
              const std::vector<std::string>& services, Sent& sent) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const std::string name(argument);
  switch (question) {
    case kFileByName:
      return File(pool.FindFileByName(name), name, sent);
    case kFileOfSymbol:
      return File(pool.FindFileContainingSymbol(name), name, sent);
    case kFileOfExtension:
      return FileOfExtension(pool, argument, sent);
    case kExtensionNumbers:
      return ExtensionNumbers(pool, name);
    case kListServices:
      return List(services);
    default:
      return Fails(grpc::StatusCode::UNIMPLEMENTED, "no question that is known here");
  }
}

// Returns nullopt if the bytes are not a ServerReflectionRequest.
std::optional<std::string> ReplyTo(absl::string_view request,
                                   const std::vector<std::string>& services, Sent& sent) {
  uint32_t question = 0;
  absl::string_view host, argument;
  WireReader reader(request);
  uint32_t field = 0;
  WireValue value;
  while (!reader.done()) {
    if (!reader.ReadField(field, value)) return std::nullopt;
    if (value.type != WireType::kBytes) continue;
    if (field == kHost) host = value.bytes;
    if (field < kFileByName || field > kListServices) continue;
    question = field;
    argument = value.bytes;
  }
  std::string reply;
  if (!host.empty()) AddBytes(reply, kValidHost, host);
  AddBytes(reply, kOriginalRequest, request);
  const Part part = AnswerTo(question, argument, services, sent);
  AddBytes(reply, part.field, part.message);
  return reply;
}

}  // namespace

class ReflectionService::Stream final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Stream(const ReflectionService& service) : service_(service) { StartRead(&request_); }

  void OnReadDone(bool fine) override {
    if (!fine) return Finish(grpc::Status::OK);
    std::optional<std::string> reply;
    if (request_.Length() <= kMostBytes) {
      reply = ReplyTo(ContiguousBytes(request_).bytes(), service_.services_, sent_);
    }
    if (!reply) {
      return Finish(
          {grpc::StatusCode::INVALID_ARGUMENT, "billing-gateway: no ServerReflectionRequest"});
    }
    request_.Clear();
    reply_ = ToBuffer(*std::move(reply));
    StartWrite(&reply_);
  }

  void OnWriteDone(bool fine) override {
    if (fine) return StartRead(&request_);
    Finish(grpc::Status::CANCELLED);
  }

  void OnDone() override { delete this; }

 private:
  const ReflectionService& service_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  Sent sent_;
};

ReflectionService::ReflectionService(std::vector<std::string> services)
    : services_(std::move(services)) {
  using Handler = grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  int method = 0;
  for (const char* const path : {kV1Path, kV1AlphaPath}) {
    AddMethod(new grpc::internal::RpcServiceMethod(path, grpc::internal::RpcMethod::BIDI_STREAMING,
                                                   nullptr));
    MarkMethodRawCallback(
        method++, new Handler([this](grpc::CallbackServerContext*) { return new Stream(*this); }));
  }
}

}  // namespace gateway
