#include "service/telemetry/audit_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "service/gateway.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> LinesOf(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Waits until the file has `count` lines, for 30 seconds at most. Returns its lines.
std::vector<std::string> AwaitLines(const std::string& file, size_t count) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (LinesOf(file).size() < count && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  return LinesOf(file);
}

void Await(const std::function<bool()>& condition) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!condition() && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_TRUE(condition());
}

std::unique_ptr<AuditLog> Open(const std::string& file) {
  auto log = AuditLog::Open(file);
  EXPECT_TRUE(log.ok()) << log.status();
  return *std::move(log);
}

AuditRecord Record(absl::string_view method = "a.B/C") {
  return {.time = absl::UnixEpoch() + absl::Milliseconds(1500),
          .caller = "spiffe://example/shop",
          .method = method,
          .store = "12",
          .outcome = "ok",
          .code = "OK",
          .http_status = 201,
          .upstream_trace_id = "t-1",
          .attempts = 1,
          .ids = {.trace_id = "t", .span_id = "s", .request_id = "r"},
          .idempotency_key = "once"};
}

TEST(AuditLogTest, WritesALineForEachRecord) {
  TempDir directory;
  const std::string file = directory.Path("audit");
  auto log = Open(file);
  log->Write(Record());
  log->Write({.time = absl::UnixEpoch(),
              .caller = "anonymous",
              .method = "a\"B\nC",
              .store = "\xff",
              .outcome = "unknown",
              .code = "UNKNOWN",
              .http_status = 0,
              .upstream_trace_id = "",
              .attempts = 0,
              .ids = {},
              .idempotency_key = ""});
  log.reset();
  EXPECT_THAT(
      LinesOf(file),
      ElementsAre(
          R"({"time":"1970-01-01T00:00:01.500000Z","caller":"spiffe://example/shop",)"
          R"("method":"a.B/C","store":"12","outcome":"ok","code":"OK","http_status":201,)"
          R"("upstream_trace_id":"t-1","attempts":1,"trace_id":"t","request_id":"r","idempotency_key_sha256":)"
          R"("200651a8b2d5912f692db89468a7d47d86a3ed6844f48f1b15f2be1d9c9a7e5e"})",
          R"({"time":"1970-01-01T00:00:00.000000Z","caller":"anonymous","method":"a\"B\nC",)"
          R"("store":"\ufffd","outcome":"unknown","code":"UNKNOWN","attempts":0})"));
}

TEST(AuditLogTest, SaysByWhichRuleCertificateAndToken) {
  TempDir directory;
  const std::string file = directory.Path("audit");
  const authorization::PeerCertificate certificate = {
      .trusted = true, .serial = "0a7f", .issuer = "CN=ca", .subject = "CN=shop"};
  AuditRecord record = Record();
  record.rule = "checkout";
  record.identity = "dns:shop.example";
  record.token_issuer = "https://id.example";
  record.token_subject = "alice, token:root";
  record.certificate = &certificate;
  record.peer = "ipv4:10.0.0.7:52110";
  Open(file)->Write(record);
  ASSERT_THAT(LinesOf(file), SizeIs(1));
  EXPECT_THAT(LinesOf(file)[0],
              HasSubstr(R"("rule":"checkout","identity":"dns:shop.example",)"
                        R"("token_issuer":"https://id.example",)"
                        R"("token_subject":"alice, token:root","certificate_serial":"0a7f",)"
                        R"("certificate_issuer":"CN=ca","certificate_subject":"CN=shop",)"
                        R"("peer":"ipv4:10.0.0.7:52110")"));
}

// Anybody can send calls that are refused, so the lines for such calls are limited.
TEST(AuditLogTest, LeavesOutAFloodOfCallsThatWereNotSentAndNoOthers) {
  TempDir directory;
  const std::string file = directory.Path("audit");
  constexpr size_t kCalls = 3'000;
  auto log = Open(file);
  AuditRecord refused = Record("refused");
  refused.sent = false;
  for (size_t i = 0; i < kCalls; ++i) log->Write(refused);
  for (size_t i = 0; i < kCalls; ++i) log->Write(Record("sent"));
  const uint64_t left_out = log->left_out();
  log.reset();
  EXPECT_GT(left_out, kCalls / 4);
  size_t sent = 0;
  for (const std::string& line : LinesOf(file)) {
    sent += line.find("\"method\":\"sent\"") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(sent, kCalls);
  EXPECT_EQ(LinesOf(file).size(), 2 * kCalls - left_out);
}

TEST(AuditLogTest, GoesOnInANewFileWhenTheOldOneIsMovedAway) {
  TempDir directory;
  const std::string file = directory.Path("audit");
  const auto log = Open(file);
  log->Write(Record("first"));
  EXPECT_THAT(AwaitLines(file, 1), ElementsAre(HasSubstr("first")));
  std::filesystem::rename(file, file + ".1");
  log->Write(Record("second"));
  EXPECT_THAT(AwaitLines(file, 1), ElementsAre(HasSubstr("second")));
  std::filesystem::remove(file);
  log->Write(Record("third"));
  EXPECT_THAT(AwaitLines(file, 1), ElementsAre(HasSubstr("third")));
  EXPECT_THAT(LinesOf(file + ".1"), ElementsAre(HasSubstr("first")));
  EXPECT_EQ(log->dropped(), 0u);
}

// Every write to /dev/full fails as on a full disk.
TEST(AuditLogTest, CountsWhatAFullDiskDoesNotTakeAndSaysSoOnce) {
  std::vector<std::string> said;
  {
    const CapturedStderr captured;
    const auto log = Open("/dev/full");
    for (int i = 0; i < 100; ++i) log->Write(Record());
    Await([&] { return log->dropped() == 100; });
    EXPECT_EQ(log->written(), 0u);
    said = captured.Lines();
  }
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0], HasSubstr(R"("event":"audit lines are lost","file":"/dev/full")"));
  EXPECT_THAT(said[0], HasSubstr("No space left"));
}

// While nobody reads the pipe, lines are lost and counted. The log goes on when the pipe is read
// again, and its destructor does not wait for a reader.
TEST(AuditLogTest, APipeThatNobodyReadsHoldsUpNothing) {
  const TempDir directory;
  const std::string file = directory.Path("pipe");
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_FALSE(AuditLog::Open(file).ok());  // Open does not wait for a reader
  const int reader = open(file.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto audit = AuditLog::Open(file);
  ASSERT_TRUE(audit.ok()) << audit.status();
  const AuditRecord record = Record();
  while ((*audit)->dropped() == 0) {
    (*audit)->Write(record);
    std::this_thread::yield();
  }
  std::string drained(1 << 20, '\0');
  while (read(reader, drained.data(), drained.size()) > 0) continue;
  const uint64_t written = (*audit)->written();
  while ((*audit)->written() == written) {
    (*audit)->Write(record);
    std::this_thread::yield();
  }
  for (int i = 0; i < 5000; ++i) (*audit)->Write(record);
  const absl::Time begun = absl::Now();
  audit->reset();
  EXPECT_LT(absl::Now() - begun, absl::Seconds(2));
  close(reader);
}

TEST(AuditLogTest, NeverMakesACallWait) {
  TempDir directory;
  const std::string pipe = directory.Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  auto log = Open(pipe);
  const absl::Time begin = absl::Now();
  constexpr size_t kMany = 3 * AuditLog::kMostQueued;
  for (size_t i = 0; i < kMany; ++i) log->Write(Record());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(20));
  Await([&] { return log->written() + log->dropped() == kMany; });
  EXPECT_GT(log->dropped(), 0u);
  log.reset();
  close(reader);
}

class AuditedGateway : public testing::Test {
 protected:
  AuditedGateway() {
    config_.listen = "127.0.0.1:0";
    config_.audit_file = directory_.Path("audit");
    UpstreamConfig& upstream = config_.upstreams["paynow"];
    upstream.options.base_url = upstream_.Url("");
    upstream.options.default_store = "12";
    upstream.api_key.file = directory_.Write("key", "secret-MARKER");
  }

  void Create() {
    auto created = Gateway::Create(config_);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
  }

  grpc::Status Call(const std::string& method, const std::string& request,
                    const RpcOptions& options = {}) {
    return CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()),
                   absl::StrCat("paynow.management.v1.", method), request, options)
        .status;
  }

  TempDir directory_;
  ScriptedServer upstream_{{.on_request = [](const http::Received& request) {
    if (request.target.find("/refund") == std::string::npos) return Step::Reply("[]");
    return Step::Raw("HTTP/1.1 409 No\r\nContent-Length: 25\r\n\r\n{\"trace_id\": \"trace-409\"}");
  }}};
  Config config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(AuditedGateway, RecordsReadsThatCarryCredentials) {
  Create();
  EXPECT_TRUE(Call("ProductsService/GetProducts", "{}").ok());
  EXPECT_TRUE(Call("WebhooksService/GetSubscriptions", "{}").ok());
  const std::vector<std::string> lines = AwaitLines(config_.audit_file, 1);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(json::parse(lines[0])["method"],
            "paynow.management.v1.WebhooksService/GetSubscriptions");
}

TEST_F(AuditedGateway, RecordsWritesAndNoOtherReads) {
  Create();
  EXPECT_TRUE(Call("ProductsService/GetProducts", "{}").ok());
  EXPECT_TRUE(Call("CouponsService/DeleteCouponForStore", R"({"coupon_id": "7"})").ok());
  Call("OrdersService/RefundOrder", R"({"store_id": "13", "order_id": "34", "body": {}})");
  Call("OrdersService/RefundOrder", R"({"order_id": "not-a-number", "body": {}})",
       {.metadata = {{"idempotency-key", "MARKER-key"}}});
  const std::vector<std::string> lines = AwaitLines(config_.audit_file, 3);
  ASSERT_THAT(lines, SizeIs(3));
  const json first = json::parse(lines[0]);
  EXPECT_EQ(first["method"], "paynow.management.v1.CouponsService/DeleteCouponForStore");
  EXPECT_EQ(first["caller"], "anonymous");
  EXPECT_EQ(first["store"], "12");
  EXPECT_EQ(first["outcome"], "ok");
  EXPECT_EQ(first["http_status"], 200);
  EXPECT_EQ(first["attempts"], 1);
  const json second = json::parse(lines[1]);
  EXPECT_EQ(second["method"], "paynow.management.v1.OrdersService/RefundOrder");
  EXPECT_EQ(second["store"], "13");
  EXPECT_EQ(second["outcome"], "refused");
  EXPECT_EQ(second["code"], "ABORTED");
  EXPECT_EQ(second["http_status"], 409);
  EXPECT_EQ(second["upstream_trace_id"], "trace-409");
  const json third = json::parse(lines[2]);
  EXPECT_EQ(third["outcome"], "not_sent");
  EXPECT_EQ(third["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(third["attempts"], 0);
  EXPECT_FALSE(third.contains("http_status"));
  EXPECT_EQ(third["idempotency_key_sha256"].get<std::string>().size(), 64u);
  EXPECT_THAT(absl::StrJoin(lines, "\n"), Not(HasSubstr("MARKER")));
  EXPECT_THAT(gateway_->MetricsText(),
              HasSubstr("\ngateway_audit_lines_total{result=\"written\"} 3\n"));
}

TEST_F(AuditedGateway, ServesWithAFullDiskToo) {
  config_.audit_file = "/dev/full";
  Create();
  EXPECT_TRUE(Call("CouponsService/DeleteCouponForStore", R"({"coupon_id": "7"})").ok());
  Await([&] {
    return gateway_->MetricsText().find("gateway_audit_lines_total{result=\"dropped\"} 1\n") !=
           std::string::npos;
  });
}

TEST_F(AuditedGateway, DoesNotStartWithoutItsFile) {
  config_.audit_file = directory_.Path("no/such/directory");
  const auto created = Gateway::Create(config_);
  EXPECT_THAT(std::string(created.status().message()),
              HasSubstr("audit.file: cannot be written: No such file"));
}

}  // namespace
}  // namespace gateway
