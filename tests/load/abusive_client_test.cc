// Cases 40 and 44: one client does not read replies, and another resets the calls that it has
// begun. Other clients must not be affected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/load/capacity_upstream.h"
#include "tests/load/gateway_process.h"
#include "tests/load/load_generator.h"
#include "tests/load/raw_http2_client.h"

namespace gateway::load {
namespace {

constexpr char kGetTags[] = "/paynow.management.v1.TagsService/GetTags";
constexpr size_t kReplySize = 1'000'000;
constexpr int kStreams = 40;

// The time that gRPC may need to end the calls of a closed connection.
constexpr absl::Duration kCleaningUp = absl::Milliseconds(500);

// A reply with one tag that has a long description.
std::string LargeReply() {
  return absl::StrCat(R"([{"id": "1", "description": ")", std::string(kReplySize, 'x'), R"("}])");
}

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

TEST(SlowReaderFaults, Case40HoldsABoundedPartOfMemory) {
  CapacityUpstream upstream(
      {.workers = 64, .service_time = absl::Milliseconds(5), .reply_to_tags = LargeReply()});
  GatewayProcess gateway({.base_url = upstream.Url(),
                          .settings = {{"server", {{"max_concurrent_streams", kStreams}}}}});
  LoadGenerator load({.channels = {NewChannel(gateway.address())}});
  const LoadReport before = load.RunClosed(4, absl::Seconds(2));
  const int64_t idle = gateway.resident_bytes();

  auto client = std::make_unique<RawHttp2Client>(gateway.address(),
                                                 RawHttp2Client::Options{.reads_replies = false});
  ASSERT_TRUE(client->Pump(absl::Milliseconds(500)));  // the peer's limit of streams has arrived
  for (int i = 0; i < 10 * kStreams; ++i) client->Begin(kGetTags, "");
  while (client->replies_begun() < kStreams) ASSERT_TRUE(client->Pump(absl::Milliseconds(100)));
  const int64_t held = gateway.resident_bytes();
  load.StartClosed(4);
  int64_t most = held;
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(client->Pump(absl::Milliseconds(100)));
    most = std::max(most, gateway.resident_bytes());
  }
  const LoadReport during = load.Stop();
  EXPECT_EQ(client->replies_begun(), kStreams);
  client.reset();
  const LoadReport after = load.RunClosed(4, absl::Seconds(2));
  const int64_t freed = gateway.resident_bytes();
  std::printf("idle %.1f MB, %d replies held %.1f MB, at most %.1f MB, afterwards %.1f MB\n",
              Megabytes(idle), kStreams, Megabytes(held), Megabytes(most), Megabytes(freed));
  std::printf("others: p50 %.1f ms before, %.1f ms during; %s\n",
              before.Percentile(0.5, &CallRecord::ok), during.Percentile(0.5, &CallRecord::ok),
              during.Summary().c_str());

  if (!GatewayProcess::IsSanitized()) {
    // A reply may be in memory twice, as JSON and as protobuf.
    EXPECT_LE(Megabytes(most - idle), 2.5 * kStreams * kReplySize / 1e6);
    EXPECT_LE(Megabytes(most - held), 10);
    EXPECT_LE(Megabytes(freed - idle), 20);
  }
  EXPECT_EQ(during.Count(&CallRecord::failed) + after.Count(&CallRecord::failed), 0);
  EXPECT_GE(during.Count(&CallRecord::ok), before.Count(&CallRecord::ok) / 2);
  EXPECT_EQ(gateway.Stop(), 0);
}

TEST(RapidResetFaults, Case44ClosesThatConnectionAndNoOther) {
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(5)});
  GatewayProcess gateway({.base_url = upstream.Url()});
  LoadGenerator load({.channels = {NewChannel(gateway.address())}});
  const LoadReport before = load.RunClosed(4, absl::Seconds(2));

  load.StartClosed(4);
  RawHttp2Client client(gateway.address(), {});
  const absl::Time began = absl::Now();
  int64_t resets = 0;
  // The test gives up after ten seconds; the gateway must close the connection sooner.
  while (!client.closed() && absl::Now() - began < absl::Seconds(10)) {
    for (int i = 0; i < 50; ++i, ++resets) client.Reset(client.Begin(kGetTags, ""));
    client.Pump(absl::ZeroDuration());
  }
  const absl::Duration took = absl::Now() - began;
  const LoadReport during = load.Stop();
  const LoadReport after = load.RunClosed(4, absl::Seconds(2)).After(kCleaningUp);
  std::printf(
      "%lld resets in %.1f s, then %s; others: p50 %.1f ms before, %.1f ms during; %s; after: %s\n",
      static_cast<long long>(resets), absl::ToDoubleSeconds(took),
      client.closed() ? "closed" : "still open", before.Percentile(0.5, &CallRecord::ok),
      during.Percentile(0.5, &CallRecord::ok), during.Summary().c_str(), after.Summary().c_str());
  EXPECT_TRUE(client.closed());
  // Until the closed connection's calls are cleaned up, they occupy slots. Other calls may then be
  // shed, but none fails otherwise, and none fails afterwards.
  EXPECT_EQ(during.Count(&CallRecord::failed), during.Count(&CallRecord::shed));
  EXPECT_GT(during.Count(&CallRecord::ok), 0);
  EXPECT_EQ(after.Count(&CallRecord::failed), 0);
  EXPECT_LE(after.Percentile(0.5, &CallRecord::ok), 2 * before.Percentile(0.5, &CallRecord::ok));
  EXPECT_EQ(gateway.Stop(), 0);
  EXPECT_THAT(gateway.log(), testing::HasSubstr("closed connections that break off"));
}

// A client that abandons many calls once is not an attacker.
TEST(RapidResetFaults, Case44KeepsAConnectionThatBreaksOffAFew) {
  CapacityUpstream upstream({.workers = 64, .service_time = absl::Milliseconds(5)});
  GatewayProcess gateway({.base_url = upstream.Url()});
  auto client = std::make_unique<RawHttp2Client>(gateway.address(), RawHttp2Client::Options{});
  for (int i = 0; i < 500; ++i) client->Reset(client->Begin(kGetTags, ""));
  EXPECT_TRUE(client->Pump(absl::Seconds(2)));  // enough for many checks by the guard
  client->Begin(kGetTags, "");
  while (client->replies_begun() == 0) ASSERT_TRUE(client->Pump(absl::Milliseconds(10)));
  client.reset();  // it would not react to GOAWAY
  EXPECT_EQ(gateway.Stop(), 0);
}

}  // namespace
}  // namespace gateway::load
