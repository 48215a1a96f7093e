// A consumer reads slowly while webhooks arrive fast. The gateway's memory must not grow.
//
// Growth is measured from the moment when the database has filled its page cache (32 MB).
// EVENT_SECONDS says for how long (default 6): `make events-memory` takes ten minutes.
#include "tests/service/event_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/load/gateway_process.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/delivery.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"

namespace gateway::load {
namespace {

using nlohmann::json;

constexpr char kSecret[] = "whsec";
constexpr size_t kPadding = 20'000;
constexpr absl::Duration kPause = absl::Milliseconds(500);
constexpr int64_t kMostGrowth = 8 << 20;
// Events that fill the page cache, and further events that would show if memory kept them.
constexpr int64_t kEventsBefore = (int64_t{48} << 20) / kPadding;
constexpr int64_t kEventsAtLeast = 4 * kMostGrowth / kPadding;

absl::Duration Time() {
  const char* const given = std::getenv("EVENT_SECONDS");
  int64_t seconds = 6;
  if (given != nullptr && !absl::SimpleAtoi(given, &seconds)) {
    ADD_FAILURE() << "EVENT_SECONDS: not a number: " << given;
  }
  return absl::Seconds(seconds);
}

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string Refund(int64_t id) {
  return json{{"event_type", "ON_REFUND"},
              {"event_id", absl::StrCat(id)},
              {"body", {{"id", "1"}, {"gateway", std::string(kPadding, 'g')}}}}
      .dump();
}

// The channel's flow-control window is 64 KB and does not grow. So unread events could pile up only
// in the gateway's memory.
std::shared_ptr<grpc::Channel> NarrowChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Sends webhooks, one after another, until it is destroyed.
class Sender {
 public:
  Sender(int port, int64_t first_id) : first_id_(first_id), thread_([this, port] { Run(port); }) {}
  ~Sender() {
    stopping_ = true;
    thread_.join();
  }
  int64_t taken() const { return taken_; }

 private:
  void Run(int port) {
    while (!stopping_) {
      const std::string answer =
          security::Exchange(port, DeliveryOf(Refund(first_id_ + taken_), kSecret));
      ASSERT_TRUE(absl::StartsWith(answer, "HTTP/1.1 204")) << answer;
      ++taken_;
    }
  }

  const int64_t first_id_;
  std::atomic<bool> stopping_{false};
  std::atomic<int64_t> taken_{0};
  std::thread thread_;  // last: the thread uses the other members
};

TEST(EventStreamTest, MemoryStaysFlatWhileASlowConsumerFallsBehind) {
  const TempDir directory;
  const int port = security::FreePort();
  GatewayProcess gateway(
      {.base_url = "http://127.0.0.1:1",
       .settings = {
           {"events",
            {{"file", directory.Path("events/events.db")},
             {"subscriptions", {{"all", {{"ack_deadline", "3600s"}}}}}}},
           {"webhooks",
            {{"listen", absl::StrCat("127.0.0.1:", port)},
             {"providers",
              {{"paynow", {{"secrets", {{"a", {{"file", directory.Write("s", kSecret)}}}}}}}}}}}}});
  const absl::Duration time = Time();
  const auto connect = [&] {
    return std::make_unique<EventStream>(NarrowChannel(gateway.address()),
                                         json{{"subscription", "all"}, {"add_events", 1'000'000}});
  };
  std::unique_ptr<EventStream> consumer = connect();
  const Sender one(port, 0);
  const Sender other(port, int64_t{1} << 40);
  const auto received = [&] { return one.taken() + other.taken(); };
  std::optional<absl::Time> begun;
  int64_t before = 0;  // the highest value until the page cache was full
  int64_t most = 0;
  int64_t handed_out = 0;
  while (!begun || absl::Now() - *begun < time || received() < kEventsBefore + kEventsAtLeast) {
    const auto answer = consumer->Next();
    if (!answer) {  // a stream may end well when its connection is too old
      const grpc::Status ended = consumer->Finish();
      ASSERT_TRUE(ended.ok()) << ended.error_message();
      consumer = connect();
      continue;
    }
    json ids = json::array();
    for (const json& event : answer->value("events", json::array())) {
      ids.push_back(EventStream::AckIdOf(event));
    }
    handed_out += static_cast<int64_t>(ids.size());
    // Events that an ending stream does not take are handed out again.
    if (!ids.empty()) (void)consumer->Send({{"ack_ids", ids}});
    absl::SleepFor(kPause);  // this makes the consumer slow
    const int64_t now = gateway.resident_bytes();
    if (!begun) before = std::max(before, now);
    if (!begun && received() >= kEventsBefore) begun = absl::Now();
    most = std::max(most, now);
  }
  EXPECT_GT(handed_out, 0);
  EXPECT_GT(received(), handed_out) << "it did not fall behind";
  std::cout << received() << " events of 20 KB received, " << handed_out
            << " handed out: " << Megabytes(before) << " MB resident when the page cache was full, "
            << Megabytes(most) << " MB at most in " << absl::FormatDuration(time)
            << " afterwards\n";
  if (GatewayProcess::IsSanitized()) return;
  EXPECT_LE(most - before, kMostGrowth);
}

}  // namespace
}  // namespace gateway::load
