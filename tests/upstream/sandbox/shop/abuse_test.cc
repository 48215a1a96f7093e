// A sandbox under abuse: it still answers, and its memory stays bounded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/upstream/sandbox/client.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/http/listener.h"

namespace gateway::sandbox {
namespace {

constexpr char kCheckout[] = R"({"customer_id": "411486491630370817",
    "lines": [{"product_id": "411486491630370818", "quantity": 1}]})";

// Sanitizers do not release freed memory at once.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int64_t kFactor = 20;
#else
constexpr int64_t kFactor = 1;
#endif

// Returns the resident memory of this process, in megabytes.
int64_t Resident() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    absl::string_view text = line;
    int64_t kilobytes = 0;
    if (!absl::ConsumePrefix(&text, "VmRSS:")) continue;
    if (absl::SimpleAtoi(text.substr(0, text.find('k')), &kilobytes)) return kilobytes / 1024;
  }
  return 0;
}

std::string Checkouts() { return absl::StrCat(kStore, "/checkouts"); }

class Abuse : public testing::Test {
 protected:
  // The client may write to a connection that the sandbox has already closed.
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }

  // Expects that the sandbox still answers.
  void ExpectAlive() {
    Client client(sandbox_->port());
    EXPECT_EQ(client.Get(absl::StrCat(kStore, "/orders")).status, 200);
    EXPECT_EQ(client.Get("/_sandbox/").status, 200);
  }
  void Start(Sandbox::Options options) { sandbox_ = Sandbox::Start(std::move(options)).value(); }

  std::unique_ptr<Sandbox> sandbox_;
};

// Four times as many sessions as a store keeps: the oldest are removed.
TEST_F(Abuse, TenThousandSessions) {
  Sandbox::Options options;
  options.max_records = 2500;
  Start(std::move(options));
  Client client(sandbox_->port());
  const auto make = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(client.Send("POST", Checkouts(), kCheckout).status, 200);
    }
  };
  make(5000);
  const int64_t before = Resident();
  make(5000);
  const int64_t grown = Resident() - before;
  RecordProperty("grown_mb", static_cast<int>(grown));
  EXPECT_LT(grown, 16 * kFactor) << "megabytes for 5,000 sessions more, when the store is full";
  ExpectAlive();
  EXPECT_LE(client.Get("/_sandbox/api/store/orders").body.at("count"), 2500 + 100);
}

TEST_F(Abuse, BodiesOfTenMegabytes) {
  Start({});
  const std::string body = absl::StrCat("{\"customer_id\": \"", std::string(10 << 20, '4'), "\"}");
  const auto send = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      Client client(sandbox_->port());
      // The request is refused, or the connection ends while the body is being sent.
      for (const char* const path :
           {"/v1/stores/411486491630370816/checkouts", "/_sandbox/api/clock", "/pay/none"}) {
        const int status = client.Send("POST", path, body).status;
        EXPECT_TRUE(status == 413 || status == 0) << path << status;
      }
    }
  };
  // The first rounds let the client take its own memory, which Resident() counts too.
  send(10);
  const int64_t before = Resident();
  send(20);
  EXPECT_LT(Resident() - before, 64 * kFactor);
  ExpectAlive();
}

// The sandbox accepts bodies up to 8 MB. The contract refuses these, and the window shows their
// size.
TEST_F(Abuse, TheLargestBodiesAreNotKept) {
  Start({});
  Client client(sandbox_->port());
  const std::string body = absl::StrCat("{\"customer_id\": \"", std::string(7 << 20, '4'), "\"}");
  const auto send = [&](int count) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(client.Send("POST", Checkouts(), body).status, 400);
  };
  send(5);
  const int64_t before = Resident();
  send(30);
  EXPECT_LT(Resident() - before, 64 * kFactor);
  EXPECT_LT(client.Get("/_sandbox/api/requests").text.size(), 200u << 10);
}

// A rule that never ends is stopped: the call is refused and its changes are undone. Other calls
// still work.
TEST_F(Abuse, AScriptThatLoops) {
  const auto contract = ContractOf("qashier").value();
  const auto handler = Handler::Create(*contract, {{"loops", R"(return {
          authorization = {"Bearer"}, api_key = "k",
          sections = {{name = "all", title = "All", collection = "CheckoutSession", columns = {{"Id", function() while true do end end}}}},
          operations = {
            CheckoutSessions_CreateCheckoutSession = function() create("CheckoutSession", {id = "kept?"}) while true do end end}})"}},
                                       R"({"CheckoutSession": [{"id": "cs_1"}]})", {})
                           .value();
  const auto call = [&](const char* method, const char* target, const char* body) {
    return handler->Answer({method,
                            target,
                            {{"Authorization", "Bearer k"}, {"Content-Type", "application/json"}},
                            body});
  };
  const Json before = handler->Export();
  const absl::Time start = absl::Now();
  const Reply ended =
      call("POST", "/checkout/sessions",
           R"({"line_items": [{"price_data": {"currency": "sgd", "product_data": {"name": "a"},
                               "unit_amount": 1}, "quantity": 1}], "return_url": "https://a", "success_url": "https://a"})");
  EXPECT_EQ(ended.status, 500) << ended.body;
  EXPECT_THAT(ended.body, testing::HasSubstr("too many steps"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
  EXPECT_EQ(handler->Export(), before);
  // A column of the window whose function never ends is stopped too.
  const auto shown = handler->Do({"window", "section"}, {{"section", "all"}});
  ASSERT_TRUE(std::holds_alternative<Refusal>(shown));
  EXPECT_THAT(std::get<Refusal>(shown).message, testing::HasSubstr("too many steps"));
  EXPECT_EQ(call("GET", "/checkout/sessions/cs_1", "").status, 200);
}

// A receiver takes a webhook and never answers: calls are not delayed, and the number of deliveries
// that wait is bounded.
TEST_F(Abuse, AWebhookTargetThatHangs) {
  const auto hangs = Listener::Start({}, [](Connection& connection) {
                       Received received;
                       int refused = 0;
                       connection.ReadRequest(received, refused);
                       while (connection.Stays(absl::Seconds(1))) continue;
                     }).value();
  Sandbox::Options options;
  options.webhook_urls = {absl::StrCat("http://127.0.0.1:", hangs->port(), "/")};
  Start(std::move(options));
  Client client(sandbox_->port());
  const int64_t before = Resident();
  const absl::Time start = absl::Now();
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(client.Post("/_sandbox/api/events", {{"type", "ON_REFUND"}}).status, 202);
  }
  ExpectAlive();
  EXPECT_LT(absl::Now() - start, absl::Seconds(60));
  const Json log = client.Get("/_sandbox/api/deliveries").body;
  EXPECT_LE(log.size(), 500u);
  EXPECT_LT(Resident() - before, 64 * kFactor);
  // The sandbox ends soon, although a delivery is under way.
  const absl::Time stop = absl::Now();
  sandbox_.reset();
  EXPECT_LT(absl::Now() - stop, absl::Seconds(15));
}

// More live windows than the sandbox allows: the rest is refused, and calls still work.
TEST_F(Abuse, OpenWindowsEndSomewhere) {
  Start({});
  std::vector<std::unique_ptr<httplib::Client>> windows;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 60; ++i) {
    windows.push_back(std::make_unique<httplib::Client>("127.0.0.1", sandbox_->port()));
    windows.back()->set_read_timeout(60);
  }
  for (auto& window : windows) {
    threads.emplace_back([&refused, raw = window.get()] {
      const auto answer = raw->Get("/_sandbox/api/live");
      if (answer && answer->status == 503) ++refused;
    });
  }
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (refused < 28 && absl::Now() < end) ExpectAlive();
  EXPECT_EQ(refused, 28);
  ExpectAlive();
  sandbox_.reset();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace gateway::sandbox
