#include "tests/end_to_end/support/caller.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/grpc_call/local_connect.h"

namespace gateway::end_to_end {
namespace {

constexpr absl::Duration kPatience = absl::Minutes(1);

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::shared_ptr<grpc::Channel> MakeChannel(int port, const std::string& service_config) {
  grpc::ChannelArguments arguments;
  if (!service_config.empty()) arguments.SetServiceConfigJSON(service_config);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  // Accepts compressed replies but does not decompress them, so that a test would notice a
  // compressed reply.
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                   grpc::InsecureChannelCredentials(), arguments);
}

template <typename Part>
void Unpack(const google::protobuf::Any& any, std::optional<Part>& part) {
  if (!any.Is<Part>()) return;
  part.emplace();
  EXPECT_TRUE(any.UnpackTo(&*part));
}

}  // namespace

std::string Details::Meta(const std::string& key) const {
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

std::vector<std::string> Details::Fields() const {
  std::vector<std::string> fields;
  if (!bad_request) return fields;
  for (const auto& violation : bad_request->field_violations()) fields.push_back(violation.field());
  return fields;
}

Details DetailsOf(const grpc::Status& status) {
  Details details;
  EXPECT_TRUE(details.status.ParseFromString(status.error_details()));
  EXPECT_EQ(details.status.code(), status.error_code());
  EXPECT_EQ(details.status.message(), status.error_message());
  std::optional<google::rpc::ErrorInfo> info;
  for (const google::protobuf::Any& any : details.status.details()) {
    Unpack(any, info);
    Unpack(any, details.bad_request);
    Unpack(any, details.request);
    Unpack(any, details.retry);
  }
  EXPECT_TRUE(info.has_value()) << "no ErrorInfo: " << status.error_code() << " "
                                << status.error_message();
  if (info) details.info = *info;
  return details;
}

Caller::Pending::~Pending() {
  context_.TryCancel();
  over_.wait();
}

Answer Caller::Pending::Await() {
  if (over_.wait_for(absl::ToChronoNanoseconds(kPatience)) != std::future_status::ready) {
    std::cerr << "a call did not end\n";
    std::abort();
  }
  Answer answer{status_, ToString(reply_), {}};
  for (const auto& [name, value] : context_.GetServerTrailingMetadata()) {
    answer.trailers.emplace(std::string(name.data(), name.size()),
                            std::string(value.data(), value.size()));
  }
  return answer;
}

Caller::Caller(int port) : Caller(port, "") {}

Caller::Caller(int port, const std::string& service_config)
    : channel_(MakeChannel(port, service_config)), stub_(channel_) {}

std::unique_ptr<Caller::Pending> Caller::Start(const std::string& method,
                                               const std::string& request, absl::Time deadline,
                                               const Metadata& metadata,
                                               grpc_compression_algorithm algorithm) {
  auto pending = std::make_unique<Pending>();
  if (deadline != absl::InfiniteFuture()) {
    pending->context_.set_deadline(absl::ToChronoTime(deadline));
  }
  for (const auto& [name, value] : metadata) pending->context_.AddMetadata(name, value);
  pending->context_.set_compression_algorithm(algorithm);
  pending->request_ = ToBuffer(request);
  Pending* const call = pending.get();
  stub_.UnaryCall(&call->context_, method, {}, &call->request_, &call->reply_,
                  [call](grpc::Status status) {
                    call->status_ = std::move(status);
                    // The owner may destroy the call before set_value returns, so the promise is
                    // moved out first.
                    std::promise<void> ended = std::move(call->ended_);
                    ended.set_value();
                  });
  return pending;
}

Answer Caller::Call(const std::string& method, const std::string& request, absl::Time deadline) {
  return Start(method, request, deadline)->Await();
}

Answer Caller::CallWith(const std::string& method, const std::string& request,
                        const Metadata& metadata) {
  return Start(method, request, absl::InfiniteFuture(), metadata)->Await();
}

Answer Caller::CallCompressed(const std::string& method, const std::string& request,
                              grpc_compression_algorithm algorithm) {
  return Start(method, request, absl::InfiniteFuture(), {}, algorithm)->Await();
}

Answer Caller::CallStream(const std::string& method, const std::string& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  grpc::CompletionQueue queue;
  const auto call = stub_.PrepareCall(&context, method, &queue);
  const auto wait = [&queue] {
    void* tag;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  Answer answer;
  grpc::ByteBuffer reply;
  call->StartCall(nullptr);
  wait();
  call->WriteLast(ToBuffer(request), grpc::WriteOptions(), nullptr);
  wait();
  call->Read(&reply, nullptr);
  if (wait()) answer.message = ToString(reply);
  call->Finish(&answer.status, nullptr);
  wait();
  return answer;
}

}  // namespace gateway::end_to_end
