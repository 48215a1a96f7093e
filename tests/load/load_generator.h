// Generates load on a gateway: reads (GetOrderById) and writes (RefundOrder), each with its own
// marker as the order's ID. A closed loop keeps a fixed number of calls in flight. An open loop
// starts calls at a fixed rate, however fast the gateway is.
//
// Thread-safety: one thread; in_flight() and begun() may be called from any thread.
// Lifetime: the destructor waits for the calls in flight.
//
//   LoadGenerator load({.channels = {NewChannel(gateway.address())}});
//   load.StartClosed(64);
//   ...
//   const LoadReport report = load.Stop();
#ifndef TESTS_LOAD_LOAD_GENERATOR_H_
#define TESTS_LOAD_LOAD_GENERATOR_H_

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "tests/load/load_report.h"
#include "tests/upstream/http/guarded.h"

namespace gateway::load {

// Returns a channel with its own connection. `service_config`: JSON, as gRPC accepts it.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& target,
                                          const std::string& service_config = "{}");

class LoadGenerator {
 public:
  struct Rpc {
    std::string path;
    std::string message;  // serialized
  };
  struct Options {
    std::vector<std::shared_ptr<grpc::Channel>> channels;  // used in turn
    absl::Duration deadline = absl::Seconds(5);
    int write_percent = 20;
    uint64_t first_marker = 1;
    // RPCs to call instead of GetOrderById and RefundOrder, always with the same request.
    std::optional<Rpc> read = {};
    std::optional<Rpc> write = {};
    // Limit for an open loop: a call that is due at the limit is left out.
    int most_in_flight = 100000;
  };

  explicit LoadGenerator(Options options);
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  void StartClosed(int calls_in_flight);
  void StartOpen(double calls_per_second);

  // Begins no further calls, waits for those in flight, and reports all calls.
  LoadReport Stop();

  // Calls the corresponding Start function, waits for `length`, then calls Stop.
  LoadReport RunClosed(int calls_in_flight, absl::Duration length);
  LoadReport RunOpen(double calls_per_second, absl::Duration length);

  int in_flight() const;
  uint64_t begun() const { return next_.load(std::memory_order_relaxed); }

 private:
  struct Call;
  struct State {
    LoadReport report;
    int in_flight = 0;
  };

  void Begin();
  void Pace(double calls_per_second);
  void BeginCall();
  void OnEnd(Call& call, const grpc::Status& status);

  const Options options_;
  std::vector<grpc::GenericStub> stubs_;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> closed_loop_{false};
  http::Guarded<State> state_;
  std::thread pacer_;
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_LOAD_GENERATOR_H_
