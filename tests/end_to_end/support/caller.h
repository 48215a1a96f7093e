// A gRPC client that knows no generated code: bytes in, bytes out, with status, details and
// trailers as they came.
//
// Thread-safety: a Caller may be used from any thread; a Pending belongs to one.
// Lifetime: a Pending that is let go before its end cancels its call and waits for it.
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

// What stands in grpc-status-details-bin.
struct Details {
  google::rpc::Status status;
  google::rpc::ErrorInfo info;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::RequestInfo> request;
  std::optional<google::rpc::RetryInfo> retry;

  // Of ErrorInfo; "" where it is not there.
  std::string Meta(const std::string& key) const;
  // The fields of BadRequest, in the order of the answer.
  std::vector<std::string> Fields() const;
};

// Adds a test failure for details that are not there or that contradict the status.
Details DetailsOf(const grpc::Status& status);

// What a call says beside its message; a name may be there more than once.
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
    // Ends the program when nothing comes within a minute: there is nothing left to check then.
    Answer Await();

   private:
    friend class Caller;
    grpc::ClientContext context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer reply_;
    grpc::Status status_;
    std::promise<void> ended_;
    // Waits by the steady clock: a test may set the other one.
    const std::future<void> over_ = ended_.get_future();
  };

  // A channel of its own, so that two callers do not share a connection.
  explicit Caller(int port);
  // Of a client that retries as this service config says (JSON), gRPC's own way.
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

  // One message out, one back, over a call that streams both ways.
  Answer CallStream(const std::string& method, const std::string& request);

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_CALLER_H_
