// The Front with the whole gateway, called through gRPC.
#include <cstdlib>
#include <iostream>
#include <utility>

#include "service/gateway.h"
#include "tests/faults/front.h"

namespace gateway::faults {
namespace {

using end_to_end::Answer;
using end_to_end::Caller;

class GrpcPending : public Front::Pending {
 public:
  explicit GrpcPending(std::unique_ptr<Caller::Pending> call) : call_(std::move(call)) {}

  void Cancel() override { call_->Cancel(); }
  Answer Await() override { return call_->Await(); }

 private:
  const std::unique_ptr<Caller::Pending> call_;
};

class GrpcFront : public Front {
 public:
  explicit GrpcFront(std::unique_ptr<Gateway> gateway)
      : gateway_(std::move(gateway)), caller_(gateway_->port()) {}

  std::unique_ptr<Pending> Start(const std::string& rpc, const std::string& request,
                                 absl::Time deadline) override {
    return std::make_unique<GrpcPending>(caller_.Start(rpc, request, deadline));
  }

  std::string MetricsText() const override { return gateway_->MetricsText(); }

 private:
  const std::unique_ptr<Gateway> gateway_;
  Caller caller_;
};

}  // namespace

std::unique_ptr<Front> Front::Start(const Config& config) {
  auto gateway = Gateway::Create(config);
  if (gateway.ok()) return std::make_unique<GrpcFront>(*std::move(gateway));
  std::cerr << gateway.status() << "\n";
  std::abort();
}

bool Front::IsThroughGrpc() { return true; }

}  // namespace gateway::faults
