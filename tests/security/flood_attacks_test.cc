// Attacks 52 to 55, 68 to 71 and 78: floods of connections and calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/load/raw_http2_client.h"
#include "tests/security/raw_tcp.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

using load::RawHttp2Client;

constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
// The maximum number of connections that the gateway may have open to the upstream.
constexpr int kUpstream = 10;

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr uint32_t kEnhanceYourCalm = 11;  // RFC 9113, 7

// Opens sockets, and closes them all in the destructor.
class Sockets {
 public:
  Sockets() = default;
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  ~Sockets() {
    for (const int fd : all_) close(fd);
  }

  void Add(int port) { all_.push_back(Connect(port)); }

  // Returns the number of sockets that the peer has not closed.
  int open() const {
    int open = 0;
    for (const int fd : all_) {
      pollfd end{fd, POLLRDHUP, 0};
      open += poll(&end, 1, 0) == 0 ? 1 : 0;
    }
    return open;
  }

 private:
  std::vector<int> all_;
};

class FloodAttacks : public AttackTest {
 protected:
  // Returns how many calls are refused while other threads flood the gateway. See the definition.
  static int RefusedBeside(const std::function<void()>& flood, const std::function<bool()>& call);

  static int Descriptors() {
    int count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(absl::StrCat("/proc/", victim().pid(), "/fd"))) {
      count += entry.path().empty() ? 0 : 1;
    }
    return count;
  }
};

// Opens half of the connections on the port for calls, without a handshake, and half on the port
// for health, which needs no handshake. Without a limit, the first half would hold descriptors
// until the timeout of the handshake.
TEST_F(FloodAttacks, Attack52TooManyConnections) {
  RpcOptions connected = victim().Shop();  // connects before the flood
  connected.channel = OwnChannel(victim().address(), connected.credentials);
  ASSERT_TRUE(Call(kGetOrders, "{}", connected).status.ok());
  const int before = Descriptors();
  constexpr int kSockets = 2000;
  Sockets sockets;
  const absl::Time began = absl::Now();
  for (int i = 0; i < kSockets; ++i) {
    sockets.Add(i % 2 == 0 ? victim().port() : victim().port_for_health());
  }
  const auto held = [&] { return Descriptors() - before <= kMaxConnections + kUpstream; };
  const auto left = [&] { return sockets.open() <= kMaxConnections; };
  while (!(held() && left()) && absl::Now() - began < kPatience) {
    const grpc::Status status = Call(kGetOrders, "{}", connected).status;
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_TRUE(held() && left());
  Saw(absl::StrCat(sockets.open(), " left after ",
                   absl::FormatDuration(absl::Trunc(absl::Now() - began, absl::Milliseconds(1)))));
}

TEST_F(FloodAttacks, Attack53PingsWithoutEndOnTheHealthPort) {
  RawHttp2Client client(victim().health_address(), {});
  const absl::Time began = absl::Now();
  while (client.Pump(absl::ZeroDuration()) && absl::Now() - began < kPatience) client.Ping();
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(client.goaway(), kEnhanceYourCalm);
  Saw("ENHANCE_YOUR_CALM");
}

TEST_F(FloodAttacks, Attack54RapidResetOnTheHealthPort) {
  RawHttp2Client client(victim().health_address(), {});
  const absl::Time began = absl::Now();
  int64_t resets = 0;
  while (!client.closed() && absl::Now() - began < kPatience) {
    for (int i = 0; i < 50; ++i, ++resets) client.Reset(client.Begin(kCheck, ""));
    client.Pump(absl::ZeroDuration());
  }
  EXPECT_TRUE(client.closed());
  Saw(absl::StrCat("closed after ", resets, " resets"));
}

// Sends, byte by byte, the beginning of a ClientHello that announces a large size.
TEST_F(FloodAttacks, Attack55HandshakeOfAByteAtATime) {
  const int fd = Connect(victim().port());
  const std::string hello = std::string("\x16\x03\x01\x10\x00\x01\x00\x0f\xfc", 9);
  const absl::Time began = absl::Now();
  bool open = true;
  for (size_t i = 0; open && absl::Now() - began < kPatience; ++i) {
    const char byte = i < hello.size() ? hello[i] : 'x';
    open = send(fd, &byte, 1, MSG_NOSIGNAL) == 1;
    absl::SleepFor(absl::Milliseconds(20));  // this makes the handshake slow
  }
  EXPECT_FALSE(open);
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  close(fd);
  Saw("closed when the time for handshakes is over");
}

// Each port has its own limit of connections.
TEST_F(FloodAttacks, Attack68HealthConnectionsAgainstCallers) {
  Sockets sockets;
  for (int i = 0; i < kMaxConnections + 50; ++i) sockets.Add(victim().port_for_health());
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    RpcOptions shop = victim().Shop();
    shop.channel = nullptr;  // a connection of its own
    refused += Call(kGetOrders, "{}", shop).status.ok() ? 0 : 1;
  }
  EXPECT_EQ(refused, 0);
  EXPECT_TRUE(StatusOf(victim().health_address(), "grpc.health.v1.Health/Check").ok());
  Saw(absl::StrCat(refused, " of 20 new callers refused"));
}

TEST_F(FloodAttacks, Attack69SilentConnectionsOnTheMetricsPort) {
  Sockets sockets;
  for (int i = 0; i < 100; ++i) sockets.Add(victim().metrics_port());
  const absl::Time began = absl::Now();
  EXPECT_TRUE(absl::StrContains(victim().Metrics(), "\ngateway_calls_in_flight "));
  EXPECT_LT(absl::Now() - began, absl::Seconds(2));
  Saw("scraped meanwhile");
}

TEST_F(FloodAttacks, Attack70RefusedCallsAgainstTheLogs) {
  const size_t audit_before = victim().Audit().size();
  constexpr int kCalls = 5'000;
  RpcOptions shop = victim().Shop();
  std::vector<std::thread> callers;
  const absl::Time began = absl::Now();
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < kCalls / 4; ++i) StatusOf(victim().address(), kRefund, "", shop);
    });
  }
  for (std::thread& caller : callers) caller.join();
  const double seconds = absl::ToDoubleSeconds(absl::Now() - began);
  AttackTest::SetUp();
  const std::string audit = victim().Audit().substr(audit_before);
  const auto lines = std::count(audit.begin(), audit.end(), '\n');
  EXPECT_LE(lines, 1000 + 50 * seconds + 50);
  EXPECT_LT(lines, kCalls);
  Saw(absl::StrCat(lines, " lines of ", kCalls, " calls"));
}

// Makes 40 calls while the upstream is slow and 80 other calls are always open. Returns how many of
// the 40 were refused.
int FloodAttacks::RefusedBeside(const std::function<void()>& flood,
                                const std::function<bool()>& call) {
  victim().React([](const http::Received&) {
    absl::SleepFor(absl::Milliseconds(20));  // the upstream's service time
    return http::Step::Reply("[]");
  });
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 80; ++t) {
    threads.emplace_back([&] {
      while (!over) flood();
    });
  }
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const bool served = call();
    if (i >= 20) refused += served ? 0 : 1;  // by then the gateway has noticed the flood
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  return refused;
}

// One caller has more calls open than it may have.
TEST_F(FloodAttacks, Attack71OneCallerTakesTheWholeLimit) {
  const RpcOptions root = victim().Root();
  const RpcOptions shop = victim().Shop();
  const int refused = RefusedBeside([&] { Call(kGetOrders, "{}", root); },
                                    [&] { return Call(kGetOrders, "{}", shop).status.ok(); });
  EXPECT_LE(refused, 2);
  Saw(absl::StrCat(refused, " of 40 calls of a neighbour refused"));
}

// One store of a caller has more calls open than it may have.
TEST_F(FloodAttacks, Attack78OneStoreTakesItsCallersWholeShare) {
  const RpcOptions root = victim().Root();
  const std::string other = absl::StrCat(R"({"store_id": ")", kStoreB, R"("})");
  const int refused = RefusedBeside([&] { Call(kGetOrders, "{}", root); },
                                    [&] { return Call(kGetOrders, other, root).status.ok(); });
  EXPECT_LE(refused, 2);
  Saw(absl::StrCat(refused, " of 40 calls for another store refused"));
}

}  // namespace
}  // namespace gateway::security
