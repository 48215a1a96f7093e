// Which calls get a line in the access log, and what the line contains.
#include "service/telemetry/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "service/telemetry/trace_context.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;
using End = CallStats::End;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kRefundOf34[] = R"({"order_id": "34", "body": {}})";
constexpr char kParent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

class AccessLogTest : public testing::Test {
 protected:
  ~AccessLogTest() override { SetLogLevel(Severity::kInfo); }

  void Start(const ScriptedServer& server) {
    config_.listen = "127.0.0.1:0";
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server.Url("");
    upstream.options.default_store = "12";
    upstream.options.retry.base = absl::Milliseconds(1);
    upstream.api_key.file = directory_.Write("key", "pnapi_MARKER\n");
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  RpcAnswer Call(const std::string& method, const std::string& request,
                 const RpcMetadata& metadata = {}) {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request,
                   RpcOptions{.metadata = metadata});
  }

  // Returns the lines of calls, in the order in which the calls ended. Stops the gateway.
  std::vector<json> Lines() {
    gateway_->Drain();
    std::vector<json> lines;
    for (const std::string& line : captured_.Lines()) {
      const json parsed = json::parse(line, nullptr, false);
      if (parsed.is_object() && parsed.value("event", "") == "call") lines.push_back(parsed);
    }
    return lines;
  }

  TempDir directory_;
  CapturedStderr captured_;
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(AccessLogTest, SaysWhatBecameOfACallAndNothingElse) {
  ScriptedServer server(
      {{Step::ExecuteAndClose()},
       {Step::Raw("HTTP/1.1 404 x\r\nContent-Length: 0\r\nX-Reply: BODYMARKER\r\n\r\n")}});
  config_.logging.access_sample_ratio = 0;
  Start(server);
  Call(kGetOrders, R"({"customer_id": "771177117711"})",
       {{"traceparent", kParent}, {"x-request-id", "cart-7"}, {"x-other", "HEADERMARKER"}});
  const std::vector<json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  const json& line = lines.front();
  std::set<std::string> keys;
  for (const auto& [key, value] : line.items()) keys.insert(key);
  EXPECT_EQ(keys, (std::set<std::string>{"time", "severity", "event", "operation", "code",
                                         "outcome", "duration_us", "http_status", "attempts",
                                         "peer", "trace_id", "span_id", "request_id"}));
  EXPECT_EQ(line["severity"], "warning");
  EXPECT_EQ(line["operation"], "paynow.management.v1.OrdersService.GetOrders");
  EXPECT_EQ(line["code"], "NOT_FOUND");
  EXPECT_EQ(line["outcome"], "refused");
  EXPECT_EQ(line["http_status"], 404);
  EXPECT_EQ(line["attempts"], 2);
  EXPECT_GT(line["duration_us"].get<int64_t>(), 0);
  EXPECT_LT(line["duration_us"].get<int64_t>(), 30 * 1000 * 1000);
  EXPECT_THAT(line["peer"].get<std::string>(), MatchesRegex("ipv[46]:.*:[0-9]+"));
  EXPECT_EQ(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(line["request_id"], "cart-7");
  EXPECT_THAT(line.dump(), Not(HasSubstr("MARKER")));
  EXPECT_THAT(line.dump(), Not(HasSubstr("771177117711")));
}

TEST_F(AccessLogTest, AlwaysHasTheCallsThatFailed) {
  ScriptedServer server({{Step::ExecuteAndClose()}});
  config_.logging.access_sample_ratio = 0;
  Start(server);
  Call(kRefund, kRefundOf34);
  Call(kRefund, R"({"order_id": "", "body": {}})");
  Call("gateway.webhooks.v1.WebhookService/ParseEvent", R"({"provider": "nobody"})");
  std::vector<std::string> outcomes;
  for (const json& line : Lines()) {
    outcomes.push_back(absl::StrCat(line["operation"].get<std::string>(), " ",
                                    line["outcome"].get<std::string>(), " ",
                                    line["attempts"].get<int>()));
  }
  EXPECT_THAT(outcomes,
              testing::ElementsAre("paynow.management.v1.OrdersService.RefundOrder unknown 1",
                                   "paynow.management.v1.OrdersService.RefundOrder not_sent 0",
                                   "gateway.webhooks.v1.WebhookService.ParseEvent not_sent 0"));
}

// The name comes from an untrusted caller, who must not be able to write into the log.
TEST_F(AccessLogTest, DoesNotRepeatTheNameOfAMethodThatIsNotThere) {
  ScriptedServer server({{Step::Reply("[]")}});
  Start(server);
  grpc::GenericStub stub(grpc::CreateChannel(absl::StrCat("127.0.0.1:", gateway_->port()),
                                             grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/p.S/MARKER", grpc::ByteBuffer(), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag;
  bool ok;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  const std::vector<json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["code"], "UNIMPLEMENTED");
  EXPECT_THAT(lines[0].dump(), Not(HasSubstr("MARKER")));
}

TEST_F(AccessLogTest, HasTheShareOfGoodCallsThatItIsTold) {
  ScriptedServer server({{Step::Reply("[]")}});
  config_.logging.access_sample_ratio = 1;
  Start(server);
  Call(kGetOrders, "{}");
  const std::vector<json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["severity"], "info");
  EXPECT_EQ(lines[0]["code"], "OK");
  EXPECT_EQ(lines[0]["outcome"], "ok");
  EXPECT_EQ(lines[0]["http_status"], 200);
}

TEST_F(AccessLogTest, HasNoneOfThemAtZero) {
  ScriptedServer server({{Step::Reply("[]")}});
  config_.logging.access_sample_ratio = 0;
  Start(server);
  Call(kGetOrders, "{}");
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(AccessLogTest, KeepsToTheLevel) {
  ScriptedServer server({{Step::Reply("[]")}, {Step::ExecuteAndClose()}});
  config_.logging.access_sample_ratio = 1;
  config_.logging.level = Severity::kWarning;
  Start(server);
  Call(kGetOrders, "{}");
  Call(kRefund, R"({"order_id": "", "body": {}})");
  const std::vector<json> lines = Lines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["code"], "INVALID_ARGUMENT");
}

TEST_F(AccessLogTest, WantsByOutcomeAndShare) {
  AccessLog log(0.25);
  for (const End end : {End::kNotSent, End::kRefused, End::kUnknown}) {
    EXPECT_TRUE(log.Wants(end, UINT64_MAX));
  }
  int wanted = 0;
  for (int i = 0; i < 10000; ++i) wanted += log.Wants(End::kOk, NewSpanId()) ? 1 : 0;
  EXPECT_NEAR(wanted, 2500, 440);  // ten standard deviations
  log.SetSampleRatio(0);
  EXPECT_FALSE(log.Wants(End::kOk, 0));
  SetLogLevel(Severity::kError);
  EXPECT_FALSE(log.Wants(End::kUnknown, 0));
}

// Anybody who can call can cause failures, so failures are limited. Calls with an unknown outcome
// are never left out.
TEST_F(AccessLogTest, LeavesOutAFloodOfFailuresAndCountsIt) {
  AccessLog log(1);
  int written = 0;
  constexpr int kCalls = 100'000;
  const absl::Time began = absl::Now();
  for (int i = 0; i < kCalls; ++i) written += log.Wants(End::kRefused, 0) ? 1 : 0;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  EXPECT_GE(written, AccessLog::kFailuresAtOnce);
  EXPECT_LE(written, AccessLog::kFailuresAtOnce + seconds * AccessLog::kFailuresPerSecond + 1);
  EXPECT_EQ(log.Wants(End::kUnknown, 0), std::optional<uint64_t>(0));
  EXPECT_EQ(log.Wants(End::kOk, 0), std::optional<uint64_t>(0));
}

TEST(LineBudgetTest, TellsHowManyWereLeftOut) {
  LineBudget budget(10, 2);
  const auto now = LineBudget::Clock::now();
  EXPECT_EQ(budget.Pass(now), std::optional<uint64_t>(0));
  EXPECT_EQ(budget.Pass(now), std::optional<uint64_t>(0));
  EXPECT_EQ(budget.Pass(now), std::nullopt);
  EXPECT_EQ(budget.Pass(now), std::nullopt);
  EXPECT_EQ(budget.Pass(now + std::chrono::milliseconds(150)), std::optional<uint64_t>(2));
  EXPECT_EQ(budget.Pass(now + std::chrono::milliseconds(150)), std::nullopt);
}

// Nobody reads standard error: the pipe fills up and the writer blocks, but calls continue.
TEST_F(AccessLogTest, DropsLinesInsteadOfWaiting) {
  const Operation operation = {"p.S.M", "p.S", "M", mapping::Access::kRead, "GET", "/x"};
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  uint64_t dropped;
  {
    AccessLog log(1, {.capacity = 1000, .patience = absl::ZeroDuration()});
    AccessEntry entry;
    entry.operation = &operation;
    entry.peer = std::string(1000, 'p');
    while (log.dropped() == 0) log.Write(entry);
    dropped = log.dropped();
    std::thread reader([&] {
      char buffer[65536];
      while (read(ends[0], buffer, sizeof(buffer)) > 0) continue;
    });
    log.Flush();
    dup2(saved, STDERR_FILENO);  // closes the pipe's last write end
    reader.join();
  }
  close(saved);
  close(ends[0]);
  EXPECT_EQ(dropped, 1u);
}

}  // namespace
}  // namespace gateway
