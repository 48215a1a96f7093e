// A client on a fake transport: each request stays pending until the test answers it.
#ifndef TESTS_UPSTREAM_CLIENT_FIXTURE_H_
#define TESTS_UPSTREAM_CLIENT_FIXTURE_H_

#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "upstream/client.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/steady_time.h"

namespace gateway {

using google::protobuf::DescriptorPool;
using mapping::Failure;
using mapping::Outcome;
using mapping::Route;

constexpr char kGetOrder[] = "paynow.management.v1.OrdersService.GetOrderById";
constexpr char kRefund[] = "paynow.management.v1.OrdersService.RefundOrder";
constexpr char kDeleteCoupon[] = "paynow.management.v1.CouponsService.DeleteCouponForStore";
constexpr char kPath[] = "/v1/stores/12/orders/34";

// Keeps each request until the test answers it.
class FakeTransport final : public http::Transport {
 public:
  using Transport::Send;
  CallId Send(std::shared_ptr<const http::Request> request, Done done) override {
    sent.push_back(*request);
    if (answer_at_once) {
      done(http::Error{.kind = http::Error::Kind::kOverloaded, .sent = false, .message = "full"});
    } else {
      waiting.push_back(std::move(done));
    }
    return 100 + sent.size();
  }
  CallId Wait(SteadyTime until, Done done) override {
    wait_until.push_back(until);
    waits.push_back(std::move(done));
    return 1000 + waits.size();
  }
  void Cancel(CallId id) override { cancelled.push_back(id); }

  std::vector<http::Request> sent;
  std::vector<Done> waiting;
  std::vector<Done> waits;
  std::vector<SteadyTime> wait_until;
  std::vector<CallId> cancelled;
  bool answer_at_once = false;
};

inline http::Response Response(int status, const std::string& body) {
  http::Response response;
  response.status = status;
  response.body.reserve(body.size() + http::kBodyPadding);
  response.body = body;
  return response;
}

inline const Route& RouteOf(absl::string_view full_name) {
  static const auto* const table =
      new auto(mapping::RouteTable::Compile(mapping::EmbeddedFiles()).value());
  for (const Route& route : (*table)->routes()) {
    if (route.full_name == full_name) return route;
  }
  ADD_FAILURE() << full_name;
  std::abort();
}

inline std::string Message(absl::string_view method, const std::string& json) {
  mapping::EmbeddedFiles();
  const auto* type =
      DescriptorPool::generated_pool()->FindMethodByName(std::string(method))->input_type();
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(type)->New());
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, message.get()).ok()) << json;
  return message->SerializeAsString();
}

struct Called {
  int times = 0;
  std::optional<std::variant<mapping::Reply, Failure>> result;
  int attempts = 0;

  const Failure& failure() const { return std::get<Failure>(result.value()); }
};

class ClientTest : public testing::Test {
 protected:
  void Create(Client::Options options = {.base_url = "https://api.example"},
              Credentials credentials = Credentials("default-key", {{"12", "key-of-12"}}),
              KeyRenewal* renewal = nullptr) {
    options.deadline_margin = absl::Milliseconds(5);
    auto transport = std::make_unique<FakeTransport>();
    transport_ = transport.get();
    credentials_ = std::make_shared<const Credentials>(std::move(credentials));
    renewal_ = renewal;
    auto client = Client::Create(std::move(options), std::move(transport));
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }

  // The result lives until the test ends; `times` counts the calls of `done`.
  const Called& Call(absl::string_view method, const std::string& json,
                     SteadyTime deadline = SteadyTime::InfiniteFuture()) {
    return Call(method, json, CallTerms{.deadline = deadline});
  }
  const Called& Call(absl::string_view method, const std::string& json, CallTerms terms) {
    terms.credentials = credentials_;
    terms.renewal = renewal_;
    calls_.push_back(std::make_unique<Called>());
    Called* const called = calls_.back().get();
    last_ = client_->Call(RouteOf(method), Message(method, json), terms, [called](Answer answer) {
      ++called->times;
      called->result = std::move(answer.result);
      called->attempts = answer.attempts;
    });
    return *called;
  }

  FakeTransport* transport_ = nullptr;
  std::unique_ptr<Client> client_;
  std::shared_ptr<const Credentials> credentials_;
  KeyRenewal* renewal_ = nullptr;
  std::vector<std::unique_ptr<Called>> calls_;
  Client::Handle last_;
};

}  // namespace gateway

#endif  // TESTS_UPSTREAM_CLIENT_FIXTURE_H_
