// Many threads use one Client directly, without gRPC, so that ThreadSanitizer can check it. With
// gRPC, ThreadSanitizer would report false races: gRPC's library is not built for it.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/telemetry/drift_log.h"
#include "tests/end_to_end/support/messages.h"
#include "upstream/client.h"
#include "upstream/http/http1_transport.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/sandbox/server.h"

namespace gateway::end_to_end {
namespace {

constexpr int kThreads = 16;
constexpr int kCallsPerThread = 200;
constexpr char kKey[] = "key-of-the-test";

std::shared_ptr<const Credentials> Keys() {
  return std::make_shared<const Credentials>(kKey, absl::flat_hash_map<std::string, std::string>());
}

std::unique_ptr<Client> MakeClient(const sandbox::Sandbox& sandbox) {
  http::Options options;
  options.event_loops = 2;
  const std::string base_url = absl::StrCat("http://127.0.0.1:", sandbox.port());
  Client::Options upstream = {.base_url = base_url, .default_store = "1"};
  return *Client::Create(std::move(upstream), *http::Http1Transport::Create(base_url, options));
}

class ClientThreadsTest : public testing::Test {
 protected:
  // cpp-httplib, which is not built for ThreadSanitizer either, initializes its tables on the first
  // request. This function makes that request, and joins its thread, before other threads start.
  static void SetUpTestSuite() {
    const auto first = *sandbox::Sandbox::Start({});
    const auto routes = *mapping::RouteTable::Compile(mapping::EmbeddedFiles());
    std::promise<void> over;
    const auto client = MakeClient(*first);
    for (const mapping::Route& route : routes->routes()) {
      if (route.rpc_path != Method("OrdersService", "GetOrders")) continue;
      client->Call(route, "",
                   {.deadline = SteadyTime::Now() + absl::Minutes(1), .credentials = Keys()},
                   [&over](const Answer&) { over.set_value(); });
      over.get_future().wait();
    }
  }

  ClientThreadsTest()
      : sandbox_(*sandbox::Sandbox::Start({})),
        routes_(*mapping::RouteTable::Compile(mapping::EmbeddedFiles())),
        client_(MakeClient(*sandbox_)) {
    for (const mapping::Route& route : routes_->routes()) by_name_[route.full_name] = &route;
    // The reply contains the order number of the request.
    sandbox_->OnRequest([](const sandbox::Received& received) {
      sandbox::Reply reply;
      if (received.Header("authorization") != absl::StrCat("APIKey ", kKey)) reply.status = 401;
      const std::string id = received.target.substr(received.target.rfind('/') + 1);
      reply.body = absl::StrCat(R"({"id": ")", id, R"(", "status": "unheard-of"})");
      return reply;
    });
  }

  Answer Call(const std::string& rpc, const std::string& message) {
    auto result = std::make_shared<std::promise<Answer>>();
    std::future<Answer> future = result->get_future();
    client_->Call(*by_name_.at(rpc), message,
                  {.deadline = SteadyTime::Now() + absl::Minutes(1), .credentials = Keys()},
                  [result](Answer done) { result->set_value(std::move(done)); });
    return future.get();
  }

  bool ReadOrder(int number) {
    const std::string id = absl::StrCat(500000000000000000 + number);
    const Answer answer = Call(absl::StrCat(kPackage, "OrdersService.GetOrderById"),
                               Bytes("GetOrderByIdRequest", absl::StrCat("order_id: '", id, "'")));
    const auto* reply = std::get_if<mapping::Reply>(&answer.result);
    if (reply == nullptr) return false;
    drift_.Record(reply->drift);
    return reply->message.find(id) != std::string::npos;
  }

  bool RefuseOrder() {
    const Answer answer = Call(absl::StrCat(kPackage, "OrdersService.GetOrderById"),
                               Bytes("GetOrderByIdRequest", "order_id: 'x'"));
    return std::holds_alternative<mapping::Failure>(answer.result);
  }

  // Starts a DELETE, which has no body, and cancels it at once. By then the call is often half
  // done.
  bool CancelDelete(int number) {
    auto over = std::make_shared<std::promise<void>>();
    std::future<void> future = over->get_future();
    Client::Handle handle =
        client_->Call(*by_name_.at(absl::StrCat(kPackage, "CouponsService.DeleteCouponForStore")),
                      Bytes("DeleteCouponForStoreRequest",
                            absl::StrCat("coupon_id: '", 500000000000000000 + number, "'")),
                      {.deadline = SteadyTime::Now() + absl::Minutes(1), .credentials = Keys()},
                      [over](const Answer&) { over->set_value(); });
    handle.Cancel();
    future.get();
    return true;
  }

  const std::unique_ptr<sandbox::Sandbox> sandbox_;
  const std::unique_ptr<const mapping::RouteTable> routes_;
  const std::unique_ptr<Client> client_;
  std::map<std::string, const mapping::Route*> by_name_;
  DriftLog drift_;
};

TEST_F(ClientThreadsTest, EverybodyGetsTheirOwnAnswer) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread, &good] {
      for (int i = 0; i < kCallsPerThread; ++i) {
        const int number = thread * kCallsPerThread + i;
        good += i % 8 == 0 ? RefuseOrder() : i % 8 == 1 ? CancelDelete(number) : ReadOrder(number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::cout << "answered as they should be: " << good << "/" << kThreads * kCallsPerThread << "\n";
  EXPECT_EQ(good, kThreads * kCallsPerThread);
  EXPECT_EQ(drift_.Counts().at("unknown_enum_text paynow.management.v1.OrderDto.status"),
            static_cast<uint64_t>(kThreads * kCallsPerThread / 8 * 6));
}

}  // namespace
}  // namespace gateway::end_to_end
