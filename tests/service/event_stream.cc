#include "tests/service/event_stream.h"

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/numbers.h"
#include "tests/service/grpc_client.h"
#include "upstream/mapping/descriptors.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr char kMethod[] = "gateway.events.v1.EventService/StreamingPull";
constexpr char kAnswer[] = "gateway.events.v1.StreamingPullResponse";
constexpr auto kPatience = std::chrono::seconds(30);

grpc::ByteBuffer BufferOf(const json& request) {
  const grpc::Slice slice(RequestBytes(kMethod, request.dump()));
  return grpc::ByteBuffer(&slice, 1);
}

json JsonOf(const grpc::ByteBuffer& buffer) {
  mapping::EmbeddedFiles();
  const auto* const type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(kAnswer);
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
  grpc::Slice slice;
  std::string text;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  EXPECT_TRUE(message->ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(*message, &text).ok());
  return json::parse(text);
}

}  // namespace

EventStream::EventStream(const std::shared_ptr<grpc::Channel>& channel, const json& first)
    : stub_(channel) {
  stream_ = stub_.PrepareCall(&context_, std::string("/") + kMethod, &queue_);
  Begin(start_);
  stream_->StartCall(&start_);
  Await(start_, kPatience);
  Send(first);
}

EventStream::~EventStream() {
  Cancel();
  Finish();
  queue_.Shutdown();
  void* tag = nullptr;
  bool fine = false;
  while (queue_.Next(&tag, &fine)) {
  }
}

bool EventStream::Await(const Operation& operation, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::system_clock::now() + patience;
  while (operation.pending) {
    void* tag = nullptr;
    bool fine = false;
    if (queue_.AsyncNext(&tag, &fine, deadline) != grpc::CompletionQueue::GOT_EVENT) return false;
    *static_cast<Operation*>(tag) = {false, fine};
  }
  return operation.fine;
}

bool EventStream::Send(const json& request) {
  Begin(write_);
  stream_->Write(BufferOf(request), &write_);
  return Await(write_, kPatience);
}

void EventStream::CloseSide() {
  Begin(write_);
  stream_->WritesDone(&write_);
  Await(write_, kPatience);
}

std::optional<json> EventStream::NextWithin(std::chrono::milliseconds patience) {
  if (!std::exchange(read_begun_, true)) {
    Begin(read_);
    stream_->Read(&message_, &read_);
  }
  const bool fine = Await(read_, patience);
  if (read_.pending) return std::nullopt;
  read_begun_ = false;
  if (!fine) return std::nullopt;
  json answer = JsonOf(message_);
  Note(answer);
  return answer;
}

void EventStream::Note(const json& answer) {
  EXPECT_TRUE(absl::SimpleAtoi(answer.value("settledRequests", "0"), &settled_));
  for (const json& event : answer.value("events", json::array())) events_.push_back(event);
}

std::vector<json> EventStream::NextEvents(size_t count) {
  while (events_.size() < count && Next()) {
  }
  const auto end = events_.begin() + static_cast<std::ptrdiff_t>(std::min(count, events_.size()));
  std::vector<json> taken(events_.begin(), end);
  events_.erase(events_.begin(), end);
  return taken;
}

bool EventStream::AwaitSettled(int64_t count) {
  while (settled_ < count) {
    if (!Next()) return false;
  }
  return true;
}

const grpc::Status& EventStream::Finish() {
  if (std::exchange(finished_, true)) return status_;
  Begin(finish_);
  stream_->Finish(&status_, &finish_);
  Await(finish_, kPatience);
  return status_;
}

}  // namespace gateway
