// Which calls' spans reach the file, and what happens to a file that grows or fails.
#include "service/telemetry/span_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
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
using testing::Not;
using testing::SizeIs;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";
constexpr char kRefundOf34[] = R"({"order_id": "34", "body": {}})";
constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

std::string Text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// All spans of a file, whichever line they stand in.
std::vector<json> Spans(const std::string& path) {
  std::vector<json> spans;
  std::ifstream stream(path);
  for (std::string line; std::getline(stream, line);) {
    const json batch = json::parse(line);
    for (const json& span : batch["resourceSpans"][0]["scopeSpans"][0]["spans"]) {
      spans.push_back(span);
    }
  }
  return spans;
}

std::string Attribute(const json& span, const std::string& key) {
  for (const json& attribute : span["attributes"]) {
    if (attribute["key"] == key) return attribute["value"].begin().value();
  }
  return "";
}

class TracedGatewayTest : public testing::Test {
 protected:
  void Start(const ScriptedServer& server, double sample_ratio) {
    config_.listen = "127.0.0.1:0";
    config_.tracing.file = directory_.Path("spans.json");
    config_.tracing.sample_ratio = sample_ratio;
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = server.Url("/base");
    upstream.options.default_store = "12";
    upstream.options.retry.base = absl::Milliseconds(1);
    upstream.api_key.file = directory_.Write("key", "pnapi_MARKER\n");
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  void Call(const std::string& method, const std::string& request,
            const RpcMetadata& metadata = {}) {
    CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), method, request,
            RpcOptions{.metadata = metadata});
  }

  // Drains the gateway, and returns everything that it has written.
  std::vector<json> Written() {
    gateway_->Drain();
    return Spans(config_.tracing.file);
  }

  TempDir directory_;
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(TracedGatewayTest, WritesCallAndAttemptsAsOneTree) {
  ScriptedServer server({{Step::ExecuteAndClose()}, {Step::Reply("[]")}});
  Start(server, 1);
  Call(kGetOrders, R"({"customer_id": "771177117711"})");
  const std::vector<json> spans = Written();
  ASSERT_THAT(spans, SizeIs(3));
  EXPECT_EQ(spans[0]["name"], kGetOrders);
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_EQ(Attribute(spans[0], "gateway.outcome"), "ok");
  for (size_t i = 1; i <= 2; ++i) {
    EXPECT_EQ(spans[i]["parentSpanId"], spans[0]["spanId"]);
    EXPECT_EQ(spans[i]["traceId"], spans[0]["traceId"]);
    EXPECT_EQ(spans[i]["name"], "GET /v1/stores/{store_id}/orders");
    EXPECT_EQ(Attribute(spans[i], "server.address"), "127.0.0.1");
    EXPECT_LE(std::stoll(spans[0]["startTimeUnixNano"].get<std::string>()),
              std::stoll(spans[i]["startTimeUnixNano"].get<std::string>()));
    EXPECT_LE(std::stoll(spans[i]["startTimeUnixNano"].get<std::string>()),
              std::stoll(spans[i]["endTimeUnixNano"].get<std::string>()));
    // The traceparent header that the upstream received names this span.
    EXPECT_THAT(server.received().at(i - 1).head,
                HasSubstr(absl::StrCat(spans[i]["traceId"].get<std::string>(), "-",
                                       spans[i]["spanId"].get<std::string>(), "-01")));
  }
  EXPECT_EQ(Attribute(spans[1], "error.type"), "broken");
  EXPECT_EQ(Attribute(spans[2], "http.response.status_code"), "200");
  // The file contains nothing of the request, and no key.
  EXPECT_THAT(Text(config_.tracing.file), Not(HasSubstr("771177117711")));
  EXPECT_THAT(Text(config_.tracing.file), Not(HasSubstr("MARKER")));
}

TEST_F(TracedGatewayTest, SamplesAsTheCallerDecided) {
  ScriptedServer server({{Step::Reply("[]")}});
  for (const auto& [ratio, flag] : std::map<double, std::string>{{0, "01"}, {1, "00"}}) {
    Start(server, ratio);
    Call(kGetOrders, "{}",
         {{"traceparent", absl::StrCat("00-", kTrace, "-00f067aa0ba902b7-", flag)}});
    const std::vector<json> spans = Written();
    if (flag == "00") {
      EXPECT_THAT(spans, SizeIs(2));  // of the first round
      continue;
    }
    ASSERT_THAT(spans, SizeIs(2));
    EXPECT_EQ(spans[0]["traceId"], kTrace);
    EXPECT_EQ(spans[0]["parentSpanId"], "00f067aa0ba902b7");
  }
}

TEST_F(TracedGatewayTest, AlwaysWritesAWriteThatFailed) {
  ScriptedServer server({.on_request = [](const http::Received& request) {
    return request.target.find("refund") != std::string::npos
               ? Step::ExecuteAndClose()
               : Step::Raw("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
  }});
  Start(server, 0);
  Call(kRefund, kRefundOf34);
  Call(kGetOrders, "{}");  // a read that fails
  Call(kRefund, R"({"order_id": "", "body": {}})");
  const std::vector<json> spans = Written();
  ASSERT_THAT(spans, SizeIs(3));
  EXPECT_EQ(Attribute(spans[0], "gateway.outcome"), "unknown");
  EXPECT_EQ(spans[0]["flags"], 0);
  EXPECT_EQ(spans[1]["kind"], 3);
  EXPECT_EQ(Attribute(spans[2], "gateway.outcome"), "not_sent");
}

TEST_F(TracedGatewayTest, WritesNothingOfWhatIsNotSampled) {
  ScriptedServer server({{Step::Reply(R"({"id": "1"})")}});
  Start(server, 0);
  Call(kRefund, kRefundOf34);  // a write that goes well
  EXPECT_THAT(Written(), IsEmpty());
}

TEST_F(TracedGatewayTest, NamesTheFileThatCannotBeOpened) {
  config_.file = "g.json";
  config_.listen = "127.0.0.1:0";
  config_.upstreams["paynow"].options.base_url = "http://127.0.0.1:1";
  config_.upstreams["paynow"].api_key.file = directory_.Write("key", "k\n");
  config_.tracing.file = directory_.Path("none/spans.json");
  EXPECT_EQ(
      Gateway::Create(config_).status(),
      absl::UnavailableError("g.json: tracing.file: cannot be opened: No such file or directory"));
}

const Operation kOperation = {"p.S.M", "p.S", "M", mapping::Access::kRead, "GET", "/x"};

CallSpan OneCall() {
  CallSpan call;
  call.operation = &kOperation;
  call.context = {{1, 2}, 3, true, ""};
  call.outcome = "ok";
  return call;
}

TEST(SpanFileTest, BeginsANewFileAtItsSize) {
  const TempDir directory;
  const std::string path = directory.Path("spans");
  auto file = SpanFile::Open(path, 10);
  ASSERT_TRUE(file.ok());
  for (const char* line : {"1234\n", "5678\n", "9\n"}) EXPECT_TRUE((*file)->Write(line));
  EXPECT_EQ(Text(path + ".1"), "1234\n5678\n");
  EXPECT_EQ(Text(path), "9\n");
  EXPECT_TRUE((*file)->Write("a line that is longer than the whole\n"));
  EXPECT_TRUE((*file)->Write("x\n"));
  EXPECT_EQ(Text(path + ".1"), "a line that is longer than the whole\n");
  EXPECT_EQ(Text(path), "x\n");
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0u);  // others have no access
}

TEST(SpanFileTest, GoesOnWhereAnEarlierProcessStopped) {
  const TempDir directory;
  const std::string path = directory.Write("spans", "1234567\n");
  auto file = SpanFile::Open(path, 10);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE((*file)->Write("89\n"));
  EXPECT_EQ(Text(path + ".1"), "1234567\n");
  EXPECT_EQ(Text(path), "89\n");
}

TEST(SpanExporterTest, CountsWhatIsWrittenAndWhatIsLost) {
  const TempDir directory;
  TracingConfig config;
  config.file = directory.Path("spans");
  auto exporter = SpanExporter::Create(config);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  (*exporter)->Export(OneCall());
  (*exporter)->Flush();
  EXPECT_EQ((*exporter)->exported(), 1u);
  EXPECT_EQ((*exporter)->dropped(), 0u);
  EXPECT_THAT(Spans(config.file), SizeIs(1));
}

// Every write to /dev/full fails.
TEST(SpanExporterTest, CountsWhatCannotBeWritten) {
  TracingConfig config;
  config.file = "/dev/full";
  auto exporter = SpanExporter::Create(config);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  (*exporter)->Export(OneCall());
  (*exporter)->Flush();
  EXPECT_EQ((*exporter)->exported(), 0u);
  EXPECT_EQ((*exporter)->dropped(), 1u);
}

// A pipe that nobody reads fills up, and then the exporter's thread blocks in a write.
TEST(SpanExporterTest, DropsInsteadOfWaiting) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  TracingConfig config;
  config.file = absl::StrCat("/proc/self/fd/", ends[1]);
  auto exporter = SpanExporter::Create(config, {.capacity = 100, .patience = absl::ZeroDuration()});
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  close(ends[1]);
  CallSpan large = OneCall();
  large.host = std::string(100000, 'h');  // one line of this length fills the pipe
  large.attempts.emplace_back();
  uint64_t begun = 0;
  while ((*exporter)->dropped() == 0) {
    (*exporter)->Export(large);
    ++begun;
  }
  EXPECT_GT(begun, 100u);
  EXPECT_LT(begun, 1000u);
  close(ends[0]);  // the blocked write fails, so the thread can end
  exporter->reset();
}

// Any client can send calls that are refused and marked as sampled, so their spans are limited.
TEST(SpanExporterTest, LeavesOutAFloodOfCallsThatWereNotSent) {
  TempDir directory;
  TracingConfig config;
  config.file = directory.Path("spans");
  auto exporter = SpanExporter::Create(config);
  ASSERT_TRUE(exporter.ok()) << exporter.status();
  constexpr int kCalls = 100'000;
  const absl::Time began = absl::Now();
  int wanted = 0;
  for (int i = 0; i < kCalls; ++i) wanted += (*exporter)->WantsNotSent() ? 1 : 0;
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  EXPECT_GE(wanted, 1000);
  EXPECT_LE(wanted, 1000 + 50 * (seconds + 1));
  EXPECT_EQ((*exporter)->left_out(), static_cast<uint64_t>(kCalls - wanted));
}

}  // namespace
}  // namespace gateway
