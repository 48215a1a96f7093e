// Makes CALLS calls, IN_FLIGHT of them at a time. `keyed`: each call has an idempotency key of its
// own. `plain`: no call has a key.
//
//   keyed_load HOST:PORT SERVICE/METHOD REQUEST_FILE CALLS IN_FLIGHT keyed|plain
//
// REQUEST_FILE is a serialized message. Prints a line of JSON: calls per second, and percentiles of
// the call time in microseconds. Exits with 1 if a call failed.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace gateway::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Load {
  std::string address;
  std::string method;
  grpc::ByteBuffer request;
  int calls = 0;
  int in_flight = 0;
  bool keyed = false;
};

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer reply;
  grpc::Status status;
  Clock::time_point begun = Clock::now();
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

class Run {
 public:
  explicit Run(const Load& load)
      : load_(load), stub_(grpc::CreateChannel(load.address, grpc::InsecureChannelCredentials())) {}

  // Returns false if a call failed.
  bool Make() {
    const Clock::time_point begun = Clock::now();
    while (begun_ < std::min(load_.in_flight, load_.calls)) Begin();
    void* tag = nullptr;
    bool ok = false;
    for (int ended = 0; ended < load_.calls; ++ended) {
      queue_.Next(&tag, &ok);
      const std::unique_ptr<Call> call(static_cast<Call*>(tag));
      if (!call->status.ok()) {
        std::fprintf(stderr, "%s\n", call->status.error_message().c_str());
        return false;
      }
      times_.push_back(
          std::chrono::duration<double, std::micro>(Clock::now() - call->begun).count());
      if (begun_ < load_.calls) Begin();
    }
    Print(std::chrono::duration<double>(Clock::now() - begun).count());
    return true;
  }

 private:
  void Begin() {
    auto* const call = new Call;
    if (load_.keyed) {
      const auto now = Clock::now().time_since_epoch().count();
      call->context.AddMetadata("idempotency-key", absl::StrCat(now, "-", begun_));
    }
    ++begun_;
    call->reader = stub_.PrepareUnaryCall(&call->context, absl::StrCat("/", load_.method),
                                          load_.request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->reply, &call->status, call);
  }

  void Print(double seconds) {
    std::sort(times_.begin(), times_.end());
    const auto at = [this](double share) {
      return times_[std::min(times_.size() - 1,
                             static_cast<size_t>(static_cast<double>(times_.size()) * share))];
    };
    std::printf("{\"calls_per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f}\n",
                load_.calls / seconds, at(0.5), at(0.99));
  }

  const Load& load_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  std::vector<double> times_;
  int begun_ = 0;
};

int Main(int argc, char** argv) {
  Load load;
  if (argc != 7 || !absl::SimpleAtoi(argv[4], &load.calls) ||
      !absl::SimpleAtoi(argv[5], &load.in_flight)) {
    std::fputs("keyed_load HOST:PORT SERVICE/METHOD REQUEST_FILE CALLS IN_FLIGHT keyed|plain\n",
               stderr);
    return 2;
  }
  load.address = argv[1];
  load.method = argv[2];
  std::ifstream file(argv[3], std::ios::binary);
  const std::string message(std::istreambuf_iterator<char>(file), {});
  const grpc::Slice slice(message);
  load.request = grpc::ByteBuffer(&slice, 1);
  load.keyed = std::string(argv[6]) == "keyed";
  return Run(load).Make() ? 0 : 1;
}

}  // namespace
}  // namespace gateway::bench

int main(int argc, char** argv) { return gateway::bench::Main(argc, argv); }
