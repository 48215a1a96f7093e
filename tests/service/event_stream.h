// A client of EventService/StreamingPull, which reads one answer at a time.
//
//   EventStream stream(channel, {{"subscription", "all"}, {"add_events", 10}});
//   while (auto answer = stream.Next()) ... stream.Send({{"ack_ids", ...}}) ...
//   EXPECT_TRUE(stream.Finish().ok());
//
// Thread-safety: one thread; Cancel from any. Lifetime: the destructor ends the call.
#ifndef TESTS_SERVICE_EVENT_STREAM_H_
#define TESTS_SERVICE_EVENT_STREAM_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace gateway {

class EventStream {
 public:
  EventStream(const std::shared_ptr<grpc::Channel>& channel, const nlohmann::json& first);
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // Waits until gRPC has taken the message. Returns false if the call is over, or after 30 seconds.
  bool Send(const nlohmann::json& request);

  // Returns the next answer. Returns nullopt at the end of the stream, or if no answer comes within
  // 30 seconds (or `patience`).
  std::optional<nlohmann::json> Next() { return NextWithin(std::chrono::seconds(30)); }
  std::optional<nlohmann::json> NextWithin(std::chrono::milliseconds patience);

  // Reads until `count` events have come, or until Next() returns nullopt.
  std::vector<nlohmann::json> NextEvents(size_t count);
  // Reads until the answers say that `count` requests are settled. Returns false if Next() returns
  // nullopt first.
  bool AwaitSettled(int64_t count);

  void CloseSide();
  void Cancel() { context_.TryCancel(); }
  const grpc::Status& Finish();

  static std::string AckIdOf(const nlohmann::json& event) { return event.value("ackId", ""); }
  static std::string IdOf(const nlohmann::json& event) {
    return event.at("event").value("eventId", "");
  }

 private:
  // An asynchronous operation. Its address is its tag in the completion queue.
  struct Operation {
    bool pending = false;
    bool fine = false;  // whether it ended well the last time
  };

  void Begin(Operation& operation) { operation.pending = true; }
  // Waits for this operation, and notes the end of others. Returns false if the operation failed,
  // or did not end within `patience`.
  bool Await(const Operation& operation, std::chrono::milliseconds patience);
  void Note(const nlohmann::json& answer);

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  Operation start_;
  Operation write_;
  Operation read_;
  Operation finish_;
  bool read_begun_ = false;  // and its answer was not returned yet
  bool finished_ = false;
  grpc::ByteBuffer message_;
  int64_t settled_ = 0;
  std::vector<nlohmann::json> events_;  // received, but not returned yet
  grpc::Status status_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_EVENT_STREAM_H_
