// Sends a steady load of reads and checkouts to a gateway in front of the sandbox, until SIGTERM or
// SIGINT. Then prints one line with the results. Exit code 1 if a call failed.
//
//   steady-load TARGET CALLS_PER_SECOND
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/load/load_generator.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::load {
namespace {

constexpr int kExitUsage = 2;
// Number of connections: a Kubernetes Service balances connections, not calls.
constexpr int kChannels = 8;

constexpr char kOrder[] = R"({"order_id": "411486491630370850"})";
constexpr char kCheckout[] = R"({"body": {
  "customer_id": "411486491630370817", "return_url": "https://shop.example/thanks",
  "lines": [{"product_id": "411486491630370818", "quantity": 2}]}})";

LoadGenerator::Rpc Rpc(const std::string& service, const std::string& method,
                       const std::string& json) {
  mapping::EmbeddedFiles();
  const auto* const found =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(service + "." + method);
  if (found == nullptr) std::abort();
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(
      factory.GetPrototype(found->input_type())->New());
  if (!google::protobuf::util::JsonStringToMessage(json, message.get()).ok()) std::abort();
  return {"/" + service + "/" + method, message->SerializeAsString()};
}

int Run(const std::string& target, double calls_per_second) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  LoadGenerator::Options options;
  for (int i = 0; i < kChannels; ++i) options.channels.push_back(NewChannel(target));
  options.deadline = absl::Seconds(10);
  options.read = Rpc("paynow.management.v1.OrdersService", "GetOrderById", kOrder);
  options.write = Rpc("paynow.management.v1.CheckoutService", "CreateCheckoutSession", kCheckout);
  LoadGenerator load(options);
  load.StartOpen(calls_per_second);
  int signal = 0;
  sigwait(&signals, &signal);
  const LoadReport report = load.Stop();

  const int64_t failed = report.Count(&CallRecord::failed);
  std::printf("%zu calls in %.0f s, %lld failed: %s; p50 %.1f ms, p99 %.1f ms%s%s\n",
              report.calls.size(), absl::ToDoubleSeconds(report.lasted),
              static_cast<long long>(failed), report.Summary().c_str(),
              report.Percentile(0.5, &CallRecord::any), report.Percentile(0.99, &CallRecord::any),
              report.first_foreign_error.empty() ? "" : "; ", report.first_foreign_error.c_str());
  return failed == 0 && !report.calls.empty() ? 0 : 1;
}

}  // namespace
}  // namespace gateway::load

int main(int argc, char** argv) {
  double calls_per_second = 0;
  if (argc != 3 || !absl::SimpleAtod(argv[2], &calls_per_second) || calls_per_second <= 0) {
    std::fputs("Usage: steady-load TARGET CALLS_PER_SECOND\n", stderr);
    return gateway::load::kExitUsage;
  }
  return gateway::load::Run(argv[1], calls_per_second);
}
