// Attacks 80 to 88: attacks on the receiver of webhooks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/security/raw_tcp.h"
#include "tests/security/victim.h"
#include "tests/service/delivery.h"

namespace gateway::security {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class WebhookAttacks : public AttackTest {
 protected:
  // After each attack, the event of an honest provider is still accepted, unless the log is full.
  void TearDown() override {
    if (!log_is_full_) {
      EXPECT_THAT(Send(Event("honest")), StartsWith("HTTP/1.1 204"));
    }
    AttackTest::TearDown();
  }

  static std::string Event(const std::string& id, size_t padding = 0) {
    return absl::StrCat(R"({"event_type":"ON_REFUND","event_id":")", id,
                        R"(","body":{"id":"1","order_id":"7","gateway":")",
                        std::string(padding, 'x'), R"("}})");
  }

  static std::string Raw(const std::string& request) {
    return Exchange(victim().webhooks_port(), request);
  }

  static std::string Send(const std::string& body, const std::string& path = "/webhooks/paynow",
                          absl::Time time = absl::Now()) {
    return Raw(DeliveryOf(body, Victim::WebhookSecret(), path, time));
  }

  static int64_t Metric(const std::string& name) {
    const std::string text = victim().Metrics();
    const std::string line = absl::StrCat("\n", name, " ");
    const size_t at = text.find(line);
    double value = -1;
    if (at != std::string::npos) {
      const size_t begin = at + line.size();
      EXPECT_TRUE(absl::SimpleAtod(text.substr(begin, text.find('\n', begin) - begin), &value));
    }
    return static_cast<int64_t>(value);
  }

  // A peer that still writes may lose the answer to a reset.
  static void ExpectMalformed(const std::string& answer) {
    EXPECT_TRUE(answer.empty() || absl::StartsWith(answer, "HTTP/1.1 400")) << answer;
  }

  static int64_t Kept() { return Metric("gateway_events_kept_total"); }

  bool log_is_full_ = false;
};

TEST_F(WebhookAttacks, Attack80WebhooksBeyondTheLimit) {
  const int64_t kept = Kept();
  EXPECT_THAT(Send(Event("large", kMaxWebhookBytes)), StartsWith("HTTP/1.1 503"));
  // The first request claims a huge Content-Length. The second is chunked, so it states no length.
  EXPECT_THAT(Raw(absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nPayNow-Timestamp: ",
                               absl::ToUnixMillis(absl::Now()), "\r\nPayNow-Signature: ",
                               std::string(43, 'A'), "=\r\nContent-Length: 999999999999\r\n\r\n")),
              StartsWith("HTTP/1.1 503"));
  std::string chunks;
  for (int i = 0; i < 20; ++i) {
    absl::StrAppend(&chunks, "2000\r\n", std::string(0x2000, 'x'), "\r\n");
  }
  EXPECT_THAT(Raw(absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nPayNow-Timestamp: ",
                               absl::ToUnixMillis(absl::Now()),
                               "\r\nPayNow-Signature: ", std::string(43, 'A'),
                               "=\r\nTransfer-Encoding: chunked\r\n\r\n", chunks, "0\r\n\r\n")),
              StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(Kept(), kept);
  Saw("503");
}

// The timeout covers the whole request, so single bytes from time to time do not extend it.
TEST_F(WebhookAttacks, Attack81WebhooksOfAByteAtATime) {
  constexpr int kSenders = 100;
  const std::string too_slow = "gateway_webhooks_turned_away_total{reason=\"too_slow\"}";
  const int64_t before = Metric(too_slow);
  const std::string head = "POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nX: ";
  std::vector<int> sockets;
  for (int i = 0; i < kSenders; ++i) {
    sockets.push_back(Connect(victim().webhooks_port()));
    send(sockets.back(), head.data(), head.size(), MSG_NOSIGNAL);
  }
  EXPECT_THAT(Send(Event("beside the slow ones")), StartsWith("HTTP/1.1 204"));
  const absl::Time end = absl::Now() + absl::Seconds(20);
  int open = kSenders;
  while (open > 0 && absl::Now() < end) {
    open = 0;
    for (const int fd : sockets) open += send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 1 : 0;
    absl::SleepFor(absl::Milliseconds(100));
  }
  EXPECT_EQ(open, 0) << "they are still connected";
  for (const int fd : sockets) close(fd);
  // A connection is closed before it is counted.
  int64_t counted = 0;
  const absl::Time counted_by = absl::Now() + absl::Seconds(20);
  while (counted < kSenders && absl::Now() < counted_by) counted = Metric(too_slow) - before;
  EXPECT_GE(counted, kSenders);
  Saw("closed after request_timeout");
}

TEST_F(WebhookAttacks, Attack82HeadsOfWebhooksWithoutEnd) {
  const size_t memory = victim().PeakMemory();
  const std::string begin = "POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\n";
  std::string many = begin;
  for (int i = 0; i < 200; ++i) absl::StrAppend(&many, "a: b\r\n");
  EXPECT_THAT(Raw(many + "\r\n"), StartsWith("HTTP/1.1 400"));
  for (int i = 0; i < 50; ++i) {
    const std::string answer = Raw(absl::StrCat(begin, "X: ", std::string(1 << 20, 'x')));
    EXPECT_TRUE(answer.empty() || absl::StartsWith(answer, "HTTP/1.1 503")) << answer;
  }
  for (const char* twice : {"Content-Length: 1\r\nContent-Length: 2\r\n",
                            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_THAT(Raw(absl::StrCat(begin, twice, "\r\nx")), StartsWith("HTTP/1.1 400"));
  }
  EXPECT_LT(victim().PeakMemory() - memory, size_t{32} << 20);
  Saw("400, 503");
}

TEST_F(WebhookAttacks, Attack83WebhooksWithWrongForeignAndOldSignatures) {
  const int64_t kept = Kept();
  const std::string body = Event("forged");
  EXPECT_THAT(Raw(DeliveryOf(body, "a guess")), StartsWith("HTTP/1.1 401"));
  std::string changed = DeliveryOf(body, Victim::WebhookSecret());
  changed.replace(changed.find("forged"), 6, "foiled");
  EXPECT_THAT(Raw(changed), StartsWith("HTTP/1.1 401"));
  for (const absl::Duration age : {absl::Minutes(6), -absl::Minutes(6), absl::Hours(24 * 365)}) {
    EXPECT_THAT(Send(body, "/webhooks/paynow", absl::Now() - age), StartsWith("HTTP/1.1 401"));
  }
  const std::string answer = Raw(DeliveryOf(body, ""));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 0")) << "no word of what is wrong";
  EXPECT_EQ(Kept(), kept);
  EXPECT_THAT(Send(body), StartsWith("HTTP/1.1 204")) << "no forged one takes its place";
  EXPECT_EQ(Kept(), kept + 1);
  Saw("401 without a word");
}

TEST_F(WebhookAttacks, Attack84AWebhookReplayedAWeekLater) {
  const int64_t kept = Kept();
  const std::string recorded = DeliveryOf(Event("recorded"), Victim::WebhookSecret());
  EXPECT_THAT(Raw(recorded), StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(Raw(recorded), StartsWith("HTTP/1.1 204"));
  EXPECT_EQ(Kept(), kept + 1) << "at once: it is one event";
  EXPECT_THAT(Send(Event("of last week"), "/webhooks/paynow", absl::Now() - absl::Hours(24 * 7)),
              StartsWith("HTTP/1.1 401"));
  EXPECT_EQ(Kept(), kept + 1);
  Saw("one event; a week later 401");
}

TEST_F(WebhookAttacks, Attack85PathsOfTheReceiver) {
  const int64_t kept = Kept();
  for (const char* path :
       {"/webhooks/../webhooks/paynow", "/webhooks/./paynow", "/webhooks//paynow",
        "/webhooks/paynow/", "/webhooks/paynow/..", "/webhooks/paynow/../paynow",
        "/webhooks/%70aynow", "/webhooks/paynow%2f", "/webhooks/paynow%00", "/webhooks/paynow?a=b",
        "/webhooks/paynow#a", "/webhooks/PayNow", "/webhooks/", "/webhooks", "/",
        "/webhooks/paynow\\..", "/metrics", "/healthz"}) {
    EXPECT_THAT(Send(Event("elsewhere"), path), StartsWith("HTTP/1.1 404")) << path;
  }
  EXPECT_THAT(Send(Event("elsewhere"), "http://a/webhooks/paynow"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(Kept(), kept);
  Saw("404");
}

TEST_F(WebhookAttacks, Attack87UnsignedWebhooksByTheThousand) {
  constexpr int kSent = 2000;
  const int64_t kept = Kept();
  int taken = 0;
  for (int i = 0; i < kSent; ++i) {
    const std::string body = absl::StrCat(
        R"({"id":"evt_)", i, R"(","type":"checkout.session.completed","data":{"object":)",
        R"({"id":"cs_)", i, R"("}}})");
    const std::string answer =
        Raw(absl::StrCat("POST /webhooks/qashier HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                         "Content-Length: ", body.size(), "\r\n\r\n", body));
    taken += absl::StartsWith(answer, "HTTP/1.1 204") ? 1 : 0;
    EXPECT_TRUE(absl::StartsWith(answer, "HTTP/1.1 204") ||
                absl::StartsWith(answer, "HTTP/1.1 503"))
        << answer;
  }
  EXPECT_LT(taken, kSent / 2);
  EXPECT_EQ(Kept(), kept + taken);
  EXPECT_THAT(Send(Event("signed, beside them")), StartsWith("HTTP/1.1 204"));
  EXPECT_EQ(Arrived(), 0) << "nothing is read before somebody wants it";
  Saw(absl::StrCat(taken, " of ", kSent, " taken, signed ones as ever"));
}

// A parser throws if a trailer is longer than it can store. That ended the whole process once.
TEST_F(WebhookAttacks, Attack88TrailersAndExtensionsOfWebhooks) {
  const int64_t kept = Kept();
  const size_t memory = victim().PeakMemory();
  const std::string head =
      absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n",
                   "PayNow-Timestamp: ", absl::ToUnixMillis(absl::Now()),
                   "\r\nPayNow-Signature: ", std::string(43, 'A'), "=\r\n");
  for (const std::string& body : {absl::StrCat("0\r\nA: ", std::string(66'000, 'x'), "\r\n\r\n"),
                                  absl::StrCat("0\r\n", std::string(66'000, 'x'), ": A\r\n\r\n"),
                                  absl::StrCat("1;", std::string(1 << 20, 'a')),
                                  absl::StrCat(std::string(1 << 20, '0'), "1\r\n")}) {
    for (int i = 0; i < 20; ++i) ExpectMalformed(Raw(absl::StrCat(head, "\r\n", body)));
  }
  EXPECT_THAT(Raw(absl::StrCat(head, "A: ", std::string(70'000, 'x'), "\r\n\r\n")),
              testing::AnyOf("", StartsWith("HTTP/1.1 503")));
  EXPECT_EQ(Kept(), kept);
  EXPECT_EQ(Metric("gateway_webhooks_turned_away_total{reason=\"failed\"}"), 0);
  EXPECT_LT(victim().PeakMemory() - memory, size_t{32} << 20);
  Saw("400, 503");
}

// This test is the last: it fills the log of events.
TEST_F(WebhookAttacks, Attack86AHundredThousandEventsByOneWhoMaySign) {
  constexpr int kSenders = 8;
  constexpr int kEach = 12'500;
  log_is_full_ = true;
  const size_t memory = victim().PeakMemory();
  std::atomic<int> refused{0};
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&refused, sender] {
      for (int i = 0; i < kEach; ++i) {
        const std::string answer = Send(Event(absl::StrCat("flood-", sender, "-", i), 1500));
        if (absl::StartsWith(answer, "HTTP/1.1 503")) ++refused;
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_GT(refused, 0);
  EXPECT_LT(victim().EventBytes(), size_t{2} * kMaxEventBytes);
  EXPECT_LT(victim().PeakMemory() - memory, size_t{64} << 20);
  EXPECT_THAT(victim().Metrics(), HasSubstr("\ngateway_events_writable "));
  Saw(absl::StrCat(kSenders * kEach - refused, " taken, ", refused.load(), " refused; ",
                   victim().EventBytes() >> 20, " MB on the disk"));
}

}  // namespace
}  // namespace gateway::security
