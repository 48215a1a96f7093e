// Attacks on the log: floods of lines by strangers, and texts that a library would print.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "tests/security/raw_http2.h"
#include "tests/security/raw_tcp.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using enum grpc::StatusCode;

struct Flood {
  int64_t lines = 0;
  size_t bytes = 0;
};

// Counts the lines that contain this text, and their bytes.
Flood LinesWith(const std::string& written, const std::string& text) {
  Flood flood;
  for (const absl::string_view line : absl::StrSplit(written, '\n')) {
    if (!absl::StrContains(line, text)) continue;
    ++flood.lines;
    flood.bytes += line.size() + 1;
  }
  return flood;
}

class LogAttacks : public AttackTest {};

// gRPC would log each broken handshake and each broken header as an error.
TEST_F(LogAttacks, Attack74BrokenHandshakesAndHeadersAgainstTheLog) {
  Victim other;
  const absl::Time began = absl::Now();
  constexpr int kStrangers = 1500;
  for (int i = 0; i < kStrangers; ++i) {
    const int fd = Connect(other.port());
    const std::string no_hello = "GET / HTTP/1.1\r\n\r\n";
    EXPECT_EQ(send(fd, no_hello.data(), no_hello.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(no_hello.size()));
    char byte;
    while (recv(fd, &byte, 1, 0) > 0) {
    }
    close(fd);
  }
  constexpr int kCalls = 1500;  // by a caller without any right
  for (int i = 0; i < kCalls; i += 50) {
    RawHttp2 connection(other.port(), &other.stranger());
    for (uint32_t k = 0; k < 50; ++k) {
      connection.Send(Frame(kHeaders, kEndHeaders | kEndStream, 2 * k + 1,
                            absl::StrCat(CallFields("/a/b"), Field("grpc-timeout", "never"))));
    }
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (connection.ended() < 50 && connection.Pump(absl::Milliseconds(5)) && absl::Now() < end) {
    }
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  const Flood flood = LinesWith(other.Stop(), "\"event\":\"gRPC\"");
  EXPECT_GT(flood.lines, 0) << "gRPC says nothing of it: this shows nothing";
  EXPECT_LE(static_cast<double>(flood.lines), 100 + 10 * (seconds + 5));
  EXPECT_LT(flood.lines, kStrangers / 2);
  Saw(absl::StrCat(flood.lines, " lines, ", flood.bytes / 1024, " KiB of ", kStrangers + kCalls));
}

TEST_F(LogAttacks, Attack75RefusedCallsAgainstTheLog) {
  Victim other;
  constexpr int kCalls = 5'000;
  const absl::Time began = absl::Now();
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&, t] {
      const RpcOptions shop = other.Shop();
      for (int i = 0; i < kCalls / 4; ++i) {
        // Each call names another store, so each refusal is different.
        const std::string store = absl::StrCat("41148649163037", 1000 + t * kCalls + i);
        CallRpc(other.address(), kGetOrders, absl::StrCat(R"({"store_id": ")", store, R"("})"),
                shop);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  const std::string written = other.Stop();
  const Flood refusals = LinesWith(written, "call refused by the policy");
  const Flood calls = LinesWith(written, "\"event\":\"call\"");
  int64_t spans = 0;  // one for each call
  for (size_t at = written.find("\"spanId\""); at != std::string::npos;
       at = written.find("\"spanId\"", at + 1)) {
    ++spans;
  }
  EXPECT_GT(refusals.lines, 0);
  EXPECT_GT(spans, 0);
  EXPECT_LE(static_cast<double>(spans), 1000 + 50 * (seconds + 5));
  EXPECT_LE(static_cast<double>(refusals.lines), 200 + 20 * (seconds + 5));
  EXPECT_LE(static_cast<double>(calls.lines), 1000 + 50 * (seconds + 5));
  Saw(absl::StrCat(refusals.lines, " lines of refusals and ", calls.lines, " of calls, ", spans,
                   " spans, of ", kCalls));
}

// A library might print these texts on standard error. The end of the suite fails on each line that
// is not JSON.
TEST_F(LogAttacks, Attack76TextsThatAreNoUTF8) {
  const std::string bad = "\xff\xfe";
  for (const char* service : {"v1", "v1alpha"}) {
    // The tags of file_by_filename, file_containing_symbol and host, which are all strings.
    for (const char field : {'\x1a', '\x22', '\x0a'}) {
      const std::string request = absl::StrCat(std::string(1, field), "\x02", bad);
      StatusOf(victim().address(),
               absl::StrCat("grpc.reflection.", service, ".ServerReflection/ServerReflectionInfo"),
               request, victim().Root());
    }
  }
  for (const char* method :
       {"grpc.health.v1.Health/Check", "gateway.webhooks.v1.WebhookService/ParseEvent", kGetOrders,
        kRefund, kChannelz}) {
    const grpc::Status status =
        StatusOf(victim().address(), method, absl::StrCat("\x0a\x02", bad), victim().Root());
    EXPECT_FALSE(status.ok() && method != std::string(kChannelz)) << method;
  }
  RawHttp2 connection(victim().port(), &victim().shop());
  connection.Send(Frame(kHeaders, kEndHeaders, 1,
                        absl::StrCat(CallFields(absl::StrCat("/", kGetOrders)),
                                     Field("x-request-id", bad), Field("traceparent", bad),
                                     Field("tracestate", bad), Field("authorization", bad))));
  connection.SendMessage(1, 0, 0, true);
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (connection.ended() == 0 && connection.Pump(absl::Milliseconds(20)) && absl::Now() < end) {
  }
  EXPECT_TRUE(connection.closed() || connection.ended() == 1);
  Saw("no raw line");
}

}  // namespace
}  // namespace gateway::security
