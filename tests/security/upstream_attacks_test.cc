// Attacks by the upstream, or by whoever replaces it, and attacks through files on disk.
#include <zlib.h>

#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using http::Received;
using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using enum grpc::StatusCode;

// Returns a gigabyte of spaces, gzip-compressed.
std::string Bomb() {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string blank(size_t{1024} * 1024, ' ');
  std::string packed(size_t{4} * 1024 * 1024, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  for (int i = 0; i < 1024; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(blank.data());
    stream.avail_in = static_cast<uInt>(blank.size());
    EXPECT_EQ(deflate(&stream, i == 1023 ? Z_FINISH : Z_NO_FLUSH), i == 1023 ? Z_STREAM_END : Z_OK);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class UpstreamAttacks : public AttackTest {
 protected:
  static RpcAnswer Get() { return Call(kGetOrders, "{}", victim().Root()); }

  static std::string Everything(const RpcAnswer& answer) {
    std::string all = absl::StrCat(answer.status.error_message(), answer.status.error_details());
    for (const auto& [name, value] : answer.trailers) absl::StrAppend(&all, name, value);
    return all;
  }
};

TEST_F(UpstreamAttacks, Attack43RedirectToAnotherHost) {
  const ScriptedServer thief({{Step::Reply("[]")}});
  for (const int status : {301, 302, 303, 307, 308}) {
    victim().React([&](const Received&) {
      return Step::Raw(absl::StrCat(
          "HTTP/1.1 ", status, " Moved\r\nContent-Length: 0\r\nLocation: ", thief.Url("/steal"),
          "\r\n\r\n"));
    });
    EXPECT_EQ(Get().status.error_code(), INTERNAL) << status;
    EXPECT_FALSE(Call(kRefund, R"({"order_id": "34", "body": {}})", victim().Root()).status.ok());
  }
  EXPECT_EQ(thief.connections(), 0);
  Saw("the other host hears nothing");
}

TEST_F(UpstreamAttacks, Attack44HeadersSmuggledInByTheUpstream) {
  for (const char* header :
       {"X-A: b\r\n grpc-status: 0", "grpc-status: 0\r\ngrpc-message: ok",
        "Trailer: grpc-status\r\ngateway-attempts: 99", "X-Trace-Id: a\rgrpc-status: 0",
        "Content-Length: 2\r\nTransfer-Encoding: chunked"}) {
    victim().React([&](const Received&) {
      return Step::Raw(absl::StrCat("HTTP/1.1 400 No\r\nContent-Length: 2\r\n", header,
                                    "\r\nConnection: close\r\n\r\n{}"),
                       Step::End::kClose);
    });
    const RpcAnswer answer = Get();
    EXPECT_FALSE(answer.status.ok()) << header;
    EXPECT_EQ(answer.trailers.count("gateway-attempts"), 1u) << header;
    EXPECT_NE(answer.trailers.find("gateway-attempts")->second, "99") << header;
  }
  Saw("no header becomes one of ours");
}

TEST_F(UpstreamAttacks, Attack45ACompressedReplyOfAGigabyte) {
  const std::string bomb = Bomb();
  victim().React([&](const Received&) { return Step::Reply(bomb, "Content-Encoding: gzip\r\n"); });
  const size_t before = victim().PeakMemory();
  const RpcAnswer answer = Get();
  EXPECT_EQ(answer.status.error_code(), INTERNAL);
  EXPECT_EQ(InfoOf(answer.status).reason(), "UPSTREAM_REPLY_TOO_LARGE");
  const size_t grown = (victim().PeakMemory() - before) / (size_t{1024} * 1024);
  EXPECT_LT(grown, 64u);
  Saw(absl::StrCat("UPSTREAM_REPLY_TOO_LARGE, ", grown, " MB"));
}

TEST_F(UpstreamAttacks, Attack46DeepNestingInAReply) {
  constexpr int kDeep = 100'000;
  for (const std::string& body :
       {std::string(kDeep, '['), std::string(kDeep, '[') + std::string(kDeep, ']')}) {
    for (const char* status : {"200 OK", "400 No"}) {
      victim().React([&](const Received&) {
        return Step::Raw(absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Length: ", body.size(),
                                      "\r\n\r\n", body));
      });
      EXPECT_FALSE(Get().status.ok()) << status;
    }
  }
  Saw("refused, the process lives");
}

// The upstream quotes the key that it received in every place that a caller or an operator could
// see.
TEST_F(UpstreamAttacks, Attack47UpstreamQuotesOurKey) {
  int failures = 0;
  for (const char* method : {kGetOrders, "paymentkit.v1.CustomersService/ListCustomers",
                             "qashier.v1.CheckoutSessionsService/ListCheckoutSessions"}) {
    std::string key;
    victim().React([&](const Received& request) {
      const std::string header = request.Header("Authorization");
      key = header.substr(header.find(' ') + 1);
      const std::string body = json{{"code", key},
                                    {"message", "bad header Authorization: " + header},
                                    {"trace_id", key},
                                    {"error", {{"code", key}, {"message", key}, {"type", key}}},
                                    {"errors", {{{"path", key}, {"message", key}}}}}
                                   .dump();
      return Step::Raw(absl::StrCat("HTTP/1.1 401 No\r\nX-Request-Id: ", key, "\r\nrequest-id: ",
                                    key, "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
    });
    const RpcAnswer answer = CallAny(method);
    failures += answer.status.ok() ? 0 : 1;
    ASSERT_GT(key.size(), 10u);
    EXPECT_FALSE(absl::StrContains(Everything(answer), key)) << method;
    EXPECT_FALSE(absl::StrContains(Everything(answer), kMarker)) << method;
  }
  EXPECT_EQ(failures, 3);
  Saw("masked");
}

TEST_F(UpstreamAttacks, Attack48EndlessHeadersFromTheUpstream) {
  victim().React([](const Received&) {
    Step step = Step::Raw("HTTP/1.1 200 OK\r\n", Step::End::kClose);
    step.repeated = absl::StrCat("X-Filler: ", std::string(1000, 'x'), "\r\n");
    step.times = 100'000;
    return step;
  });
  const size_t before = victim().PeakMemory();
  const RpcAnswer answer = Get();
  EXPECT_FALSE(answer.status.ok());
  const size_t grown = (victim().PeakMemory() - before) / (size_t{1024} * 1024);
  EXPECT_LT(grown, 64u);
  Saw(absl::StrCat(InfoOf(answer.status).reason(), ", ", grown, " MB"));
}

class DiskAttacks : public AttackTest {
 protected:
  static std::string Config(const TempDir& directory, const std::string& key_file) {
    return directory.Write(
        "gateway.json",
        json{
            {"listen", "127.0.0.1:0"},
            {"upstreams",
             {{"paynow", {{"base_url", "http://127.0.0.1:1"}, {"api_key", {{"file", key_file}}}}}}}}
            .dump());
  }
};

TEST_F(DiskAttacks, Attack49KeysFileReadableByEverybody) {
  TempDir directory;
  const std::string key = directory.Write("api-key", kMarker);
  std::filesystem::permissions(key, std::filesystem::perms(0644));
  ChildProcess child({GATEWAY, "--config", Config(directory, key)});
  const std::string line = child.WaitForLine("can be read by everybody");
  EXPECT_TRUE(absl::StrContains(line, key)) << child.err();
  child.Signal(SIGTERM);
  child.Wait();
  EXPECT_FALSE(absl::StrContains(child.err(), kMarker));
  Saw("warned of");
}

TEST_F(DiskAttacks, Attack50KeyInAMalformedConfiguration) {
  TempDir directory;
  const auto broken = [&](const std::string& text) {
    return RunProgram({GATEWAY, "--config", directory.Write("gateway.json", text)});
  };
  const std::string marker = kMarker;
  for (const std::string& text :
       {R"({"upstreams": {"paynow": {"api_key": ")" + marker + "\"",
        R"({"upstreams": {"paynow": {"api_key": ")" + marker + "\"}}}",
        R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"file": ")" + marker +
            "\"}}}}",
        R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"env": ")" + marker +
            "\"}}}}",
        R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"key": ")" + marker +
            "\"}}}}",
        R"({"server": {"tls": {"key_file": ")" + marker + "\"}}}",
        R"({"listen": ["key", ")" + marker + "\"]}", marker}) {
    const Ended ended = broken(text);
    EXPECT_EQ(ended.exit_code, 1) << text;
    EXPECT_FALSE(absl::StrContains(ended.out + ended.err, marker)) << ended.err;
  }
  Saw("not echoed");
}

TEST_F(DiskAttacks, Attack51ForgedWebhook) {
  ExpectRefused(Call("gateway.webhooks.v1.WebhookService/ParseEvent",
                     R"({"provider": "paynow", "body": "e30=", "headers": [
               {"name": "PayNow-Signature", "value": "AAAA"},
               {"name": "PayNow-Timestamp", "value": "1"}]})",
                     victim().Root())
                    .status,
                UNAUTHENTICATED, "WEBHOOK_NOT_VERIFIED");
  ExpectRefused(Call("gateway.webhooks.v1.WebhookService/ParseEvent", "{}", victim().Shop()).status,
                PERMISSION_DENIED, "POLICY_METHOD");
}

}  // namespace
}  // namespace gateway::security
