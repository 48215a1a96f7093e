// Attacks on the gateway's memory. The process stays below the memory limit of its pod, and another
// caller is served meanwhile.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/load/raw_http2_client.h"
#include "tests/security/raw_http2.h"
#include "tests/security/victim.h"

namespace gateway::security {
namespace {

constexpr char kGetOrdersPath[] = "/paynow.management.v1.OrdersService/GetOrders";
constexpr size_t kMiB = size_t{1024} * 1024;
constexpr size_t kLimitOfThePod = 256 * kMiB;
constexpr uint32_t kLargest = 4 * 1024 * 1024;
constexpr size_t kPiece = 16000;

// A caller that measures how long its calls take: first undisturbed, then during the attack.
class Neighbour {
 public:
  Neighbour(const std::string& address, RpcOptions as) : address_(address), as_(std::move(as)) {
    as_.channel = OwnChannel(address, as_.credentials);
    Call();  // connects
    std::vector<absl::Duration> took;
    for (int i = 0; i < kUndisturbed; ++i) took.push_back(Call());
    undisturbed_ = SlowestOfHundred(std::move(took));
    thread_ = std::thread([this] {
      do {
        took_.push_back(Call());
      } while (!over_);
    });
  }
  ~Neighbour() { End(); }

  // Ends the calls. Returns "p99 1.2ms undisturbed, 1.9ms of 412 calls meanwhile", for example; ""
  // if they have ended already.
  std::string End() {
    over_ = true;
    if (!thread_.joinable()) return "";
    thread_.join();
    EXPECT_EQ(failed_, 0) << "of " << took_.size() << " calls of a neighbour";
    const size_t calls = took_.size();
    const absl::Duration meanwhile = SlowestOfHundred(std::move(took_));
    EXPECT_LT(meanwhile, std::max(2 * undisturbed_, kUnnoticed));
    return absl::StrCat("p99 ", Shown(undisturbed_), " undisturbed, ", Shown(meanwhile), " of ",
                        calls, " calls meanwhile");
  }

 private:
  static constexpr int kUndisturbed = 300;
  // The goal is at most twice the undisturbed time, and the row shows both times. A wait longer
  // than this means that the neighbour was starved.
  static constexpr absl::Duration kUnnoticed = absl::Milliseconds(500);

  absl::Duration Call() {
    const absl::Time began = absl::Now();
    failed_ += CallRpc(address_, kGetOrders, "{}", as_).status.ok() ? 0 : 1;
    return absl::Now() - began;
  }

  static absl::Duration SlowestOfHundred(std::vector<absl::Duration> took) {
    std::sort(took.begin(), took.end());
    return took[took.size() - 1 - took.size() / 100];
  }

  static std::string Shown(absl::Duration time) {
    return absl::FormatDuration(absl::Trunc(time, absl::Microseconds(100)));
  }

  const std::string address_;
  RpcOptions as_;
  std::atomic<bool> over_{false};
  int failed_ = 0;
  absl::Duration undisturbed_;
  std::vector<absl::Duration> took_;
  std::thread thread_;
};

// Runs an attack with little processor time while others want it. An attacker on another machine
// takes none of the gateway's.
void FromElsewhere(const std::function<void()>& attack) {
  std::thread attacker([&] {
    EXPECT_EQ(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 19), 0);
    attack();
  });
  attacker.join();
}

class MemoryAttacks : public AttackTest {
 protected:
  static void ExpectSmall() {
    const size_t peak = victim().PeakMemory();
    EXPECT_LT(peak, kLimitOfThePod);
    peak_ = absl::StrCat("peak ", peak / kMiB, " MiB");
  }

  // Sends a call's headers, and then this piece again and again, until the connection is closed or
  // this many bytes are sent. Returns how many were sent.
  static size_t SendHeaders(RawHttp2& connection, const std::string& piece, size_t most) {
    connection.Send(Frame(kHeaders, 0, 1, CallFields(kGetOrdersPath)));
    size_t sent = 0;
    while (sent < most && connection.Send(Frame(kContinuation, 0, 1, piece))) sent += piece.size();
    return sent;
  }

  static std::string peak_;
};
std::string MemoryAttacks::peak_;

TEST_F(MemoryAttacks, Attack61HeadersWithoutEnd) {
  Neighbour neighbour(victim().address(), victim().Root());
  size_t most = 0;
  for (const Identity* identity : {&victim().stranger(), static_cast<const Identity*>(nullptr)}) {
    FromElsewhere([&] {
      RawHttp2 connection(identity != nullptr ? victim().port() : victim().port_for_health(),
                          identity);
      const std::string piece = Field("x", std::string(kPiece, 'a'));
      most = std::max(most, SendHeaders(connection, piece, 96 * kMiB));
      EXPECT_TRUE(connection.closed());
      EXPECT_FALSE(connection.gave_up());
    });
  }
  ExpectSmall();
  Saw(absl::StrCat("closed after ", most / 1024, " KiB, ", peak_, "; ", neighbour.End()));
}

TEST_F(MemoryAttacks, Attack62APaddedIntegerOfHPACK) {
  Neighbour neighbour(victim().address(), victim().Root());
  size_t sent = 0;
  FromElsewhere([&] {
    RawHttp2 connection(victim().port(), &victim().stranger());
    connection.Send(Frame(kHeaders, 0, 1, CallFields(kGetOrdersPath)));
    connection.Send(Frame(kContinuation, 0, 1, std::string("\x00\x7f", 2)));
    const std::string zeros(kPiece, '\x80');
    while (sent < 32 * kMiB && connection.Send(Frame(kContinuation, 0, 1, zeros))) sent += kPiece;
    EXPECT_TRUE(connection.closed());
    EXPECT_FALSE(connection.gave_up());
  });
  ExpectSmall();
  Saw(absl::StrCat("closed after ", sent / 1024, " KiB, ", peak_, "; ", neighbour.End()));
}

TEST_F(MemoryAttacks, Attack63ThreeMegabytesOfMetadata) {
  RawHttp2 connection(victim().port(), &victim().shop());
  SendHeaders(connection, Field("x", std::string(kPiece, 'a')), 3 * kMiB);
  connection.Send(Frame(kContinuation, kEndHeaders, 1, Field("y", "z")));
  connection.SendMessage(1, 0, 0, true);
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (connection.ended() == 0 && connection.Pump(absl::Milliseconds(20)) && absl::Now() < end) {
  }
  EXPECT_TRUE(connection.closed() || connection.ended() == 1);
  EXPECT_EQ(Arrived(), 0);
  ExpectSmall();
  Saw(absl::StrCat(connection.closed() ? "closed, " : "refused, ", peak_));
}

TEST_F(MemoryAttacks, Attack64ThousandsOfHealthWatches) {
  Neighbour neighbour(victim().address(), victim().Root());
  const size_t before = victim().PeakMemory();
  FromElsewhere([] {
    std::deque<load::RawHttp2Client> clients;
    for (int i = 0; i < 14; ++i) {
      clients.emplace_back(victim().health_address(), load::RawHttp2Client::Options{});
      for (int k = 0; k < 1000; ++k) clients.back().Begin("/grpc.health.v1.Health/Watch", "");
    }
    for (load::RawHttp2Client& client : clients) client.Pump(absl::Milliseconds(200));
  });
  EXPECT_LT(victim().PeakMemory() - before, 64 * kMiB);
  ExpectSmall();
  Saw(absl::StrCat("refused beyond the most, ", peak_, "; ", neighbour.End()));
}

TEST_F(MemoryAttacks, Attack65UnfinishedMessagesOf4MBWithoutARight) {
  Neighbour neighbour(victim().address(), victim().Root());
  const size_t before = victim().PeakMemory();
  size_t sent = 0;
  FromElsewhere([&] {
    RawHttp2 connection(victim().port(), &victim().stranger());
    for (int i = 0; i < 25; ++i) {
      sent += connection.SendMessage(connection.Begin(kGetOrdersPath), kLargest, kLargest - 1);
    }
  });
  EXPECT_LT(victim().PeakMemory() - before, 32 * kMiB);
  EXPECT_LT(sent, size_t{kLargest});  // 25 times as much was announced
  ExpectSmall();
  Saw(absl::StrCat("refused before their messages, ", peak_, "; ", neighbour.End()));
}

TEST_F(MemoryAttacks, Attack66UnfinishedMessagesOf4MBByOneWhoMay) {
  Neighbour neighbour(victim().address(), victim().Root());
  int ended = 0;
  FromElsewhere([&] {
    std::deque<RawHttp2> connections;
    for (int i = 0; i < 4; ++i) {
      connections.emplace_back(victim().port(), &victim().shop());
      for (int k = 0; k < 10; ++k) {
        connections.back().SendMessage(connections.back().Begin(kGetOrdersPath), kLargest,
                                       kLargest - 1);
      }
    }
    for (RawHttp2& connection : connections) {
      const absl::Time end = absl::Now() + absl::Seconds(20);
      while (connection.ended() < 10 && connection.Pump(absl::Milliseconds(20)) &&
             absl::Now() < end) {
      }
      EXPECT_TRUE(connection.closed() || connection.ended() == 10);
      ended += connection.ended();
    }
  });
  ExpectSmall();
  Saw(absl::StrCat(ended, " of 40 refused one by one, ", peak_, "; ", neighbour.End()));
}

TEST_F(MemoryAttacks, Attack67CallsBegunEarlyAndCompletedLate) {
  RawHttp2 connection(victim().port(), &victim().shop());
  std::vector<uint32_t> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(connection.Begin(kGetOrdersPath));
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (connection.ended() < 20 && connection.Pump(absl::Milliseconds(20)) && absl::Now() < end) {
  }
  EXPECT_EQ(connection.ended(), 20);
  for (const uint32_t stream : streams) connection.SendMessage(stream, 0, 0, true);
  connection.Pump(absl::Milliseconds(200));
  EXPECT_EQ(Arrived(), 0);
  Saw("given up after server.message_timeout");
}

}  // namespace
}  // namespace gateway::security
