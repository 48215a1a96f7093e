// A gRPC client without generated code: it sends and receives bytes, and keeps status, details and
// trailers unchanged.
//
// Thread-safety: a Caller may be used from any thread; a Pending belongs to one.
// Lifetime: destroying a Pending that has not ended cancels its call and waits for the end.
//
//   Caller caller(port);
//   Answer answer = caller.Call("/package.Service/Method", bytes);
//   EXPECT_EQ(DetailsOf(answer.status).info.reason(), "...");
#ifndef TESTS_END_TO_END_SUPPORT_CALLER_H_
#define TESTS_END_TO_END_SUPPORT_CALLER_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gateway::end_to_end {

struct Answer {
  grpc::Status status;
  std::string message;
  std::multimap<std::string, std::string> trailers;
};

// The content of grpc-status-details-bin.
struct Details {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::RequestInfo> request;
  std::optional<google::rpc::RetryInfo> retry;

  // Returns a metadata value of ErrorInfo; "" if it is missing.
  std::string Meta(const std::string& key) const;
  // Returns the fields of BadRequest, in the order of the answer.
  std::vector<std::string> Fields() const;
};

// Adds a test failure if the details are missing or contradict the status.
Details DetailsOf(const grpc::Status& status);

// Metadata of a call; a name may occur more than once.
using Metadata = std::vector<std::pair<std::string, std::string>>;

class Caller {
 public:
  class Pending {
   public:
    ~Pending();
    void Cancel() { context_.TryCancel(); }
    bool IsOver() const {
      return over_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    // Ends the program if no answer arrives within a minute, since nothing is left to check then.
    Answer Await();

   private:
    friend class Caller;
    grpc::ClientContext context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer reply_;
    grpc::Status status_;
    std::promise<void> ended_;
    // Waits on the steady clock, because a test may change the system clock.
    const std::future<void> over_ = ended_.get_future();
  };

  // Uses its own channel, so that two callers do not share a connection.
  explicit Caller(int port);
  // A client that retries as this service config (JSON) says; gRPC itself does the retries.
  Caller(int port, const std::string& service_config);

  std::unique_ptr<Pending> Start(const std::string& method, const std::string& request,
                                 absl::Time deadline = absl::InfiniteFuture(),
                                 const Metadata& metadata = {},
                                 grpc_compression_algorithm algorithm = GRPC_COMPRESS_NONE);
  Answer Call(const std::string& method, const std::string& request,
              absl::Time deadline = absl::InfiniteFuture());
  Answer CallWith(const std::string& method, const std::string& request, const Metadata& metadata);

  Answer CallCompressed(const std::string& method, const std::string& request,
                        grpc_compression_algorithm algorithm);

  // Sends one message and receives one, over a bidirectional streaming call.
  Answer CallStream(const std::string& method, const std::string& request);

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_CALLER_H_
