// What the webhook receiver bounds: sizes, times, connections and failures; and what ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/receiver/tls_context.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/events/receiver_fixture.h"
#include "tests/service/ledger/fault_vfs.h"

namespace gateway::events {
namespace {

using ledger::FaultVfs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ReceiverLimitsTest : public ReceiverTest {};

// Long chunk extensions, trailers and fields are refused and take no memory; other requests are
// served meanwhile.
TEST_F(ReceiverLimitsTest, WhatStandsBesideABodyIsBounded) {
  options_.max_header_bytes = size_t{1} << 20;
  Start();
  const std::string head =
      absl::StrCat("POST /webhooks/paymentkit HTTP/1.1\r\nHost: a\r\nX-Webhook-Signature: ",
                   std::string(64, 'a'), "\r\nTransfer-Encoding: chunked\r\n");
  const std::string long_text(70'000, 'x');
  for (const std::string& body :
       {absl::StrCat("0\r\nA: ", long_text, "\r\n\r\n"), absl::StrCat("1;", long_text),
        absl::StrCat("0\r\n", long_text, ": a\r\n\r\n")}) {
    EXPECT_EQ(StatusOf(absl::StrCat(head, "\r\n", body)), 400) << body.substr(0, 9);
  }
  EXPECT_EQ(StatusOf(absl::StrCat(head, "\r\n1;", std::string(1 << 20, 'x'))), 400);
  EXPECT_EQ(receiver_->turned(Receiver::kMalformed), 4u);
  EXPECT_EQ(StatusOf(absl::StrCat(head, "A: ", long_text, "\r\n\r\n0\r\n\r\n")), 401)
      << "a long field is none of its business";
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
  EXPECT_EQ(receiver_->turned(Receiver::kFailed), 0u);
}

TEST_F(ReceiverLimitsTest, AFaultEndsTheConnectionThatMetItAlone) {
  int connections = 0;
  options_.tls = [&connections]() -> std::shared_ptr<boost::asio::ssl::context> {
    if (++connections < 3) throw std::length_error("a fault");
    return nullptr;
  };
  Start();
  std::vector<std::string> lines;
  {
    const CapturedStderr captured;
    EXPECT_EQ(Send(""), "");
    EXPECT_EQ(Send(""), "");
    EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
    lines = captured.Lines();
  }
  EXPECT_EQ(receiver_->turned(Receiver::kFailed), 2u);
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("met a fault of its own"), HasSubstr("a fault"))))
      << "one line a second";
}

// PaymentKit does not repeat a delivery after a 4xx. The limit is the gateway's own, so the answer
// is 503, and the event comes again until the limit is raised.
TEST_F(ReceiverLimitsTest, WhatIsTooLargeIsNotReadAndComesAgain) {
  Start();
  const std::string body = absl::StrCat(R"({"id":"evt_1","type":"t","data":{},"pad":")",
                                        std::string(2000, 'x'), R"("})");
  const std::string delivery =
      Post(absl::StrCat("X-Webhook-Signature: ", webhooks::HexText(webhooks::Hmac(kSecret, body)),
                        "\r\n"),
           body, "/webhooks/paymentkit");
  std::vector<std::string> lines;
  {
    const CapturedStderr captured;
    EXPECT_EQ(StatusOf(delivery), 503);
    lines = captured.Lines();
  }
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("a webhook that was received is too large"),
                                       HasSubstr("paymentkit"), HasSubstr("2000"))));
  EXPECT_EQ(StatusOf(Post(absl::StrCat("A: ", std::string(20'000, 'x'), "\r\n"), kRefund)), 503);
  EXPECT_EQ(receiver_->turned(Receiver::kTooLarge), 2u);
  EXPECT_EQ(intake_->count("paymentkit", Outcome::kKept), 0u);

  Stop();
  auto raised = std::make_shared<webhooks::Settings>();
  raised->max_body_bytes = 4000;
  raised->providers.emplace("paymentkit", MakeVerifier("paymentkit"));
  settings_ = raised;
  Start();
  EXPECT_EQ(StatusOf(delivery), 204);
}

TEST_F(ReceiverLimitsTest, AConnectionTakesRequestAfterRequest) {
  Start();
  const std::string fields = SignedBy(kSecret, kRefund);
  const std::string answer = Send(
      absl::StrCat(Post(fields, kRefund, "/webhooks/paynow", "keep-alive"),
                   Post(fields, kRefund, "/webhooks/paynow", "keep-alive"), Post(fields, kRefund)));
  EXPECT_EQ(answer,
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_F(ReceiverLimitsTest, AsksForABodyThatWaits) {
  Start();
  const std::string answer =
      Send(Post(absl::StrCat("Expect: 100-continue\r\n", SignedBy(kSecret, kRefund)), kRefund));
  EXPECT_THAT(answer, HasSubstr("204 No Content"));
  // A request without a signature is refused before its body is asked for.
  const std::string refused =
      Send(absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n",
                        "Expect: 100-continue\r\n\r\n"));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 401"));
}

TEST_F(ReceiverLimitsTest, AnAddressWithTooManyFailuresHasToWait) {
  options_.max_failures_per_second = 3;
  Start();
  int unverified = 0;
  int blocked = 0;
  for (int i = 0; i < 50; ++i) {
    const int status = StatusOf(Post(SignedBy("another", kRefund), kRefund));
    unverified += status == 401 ? 1 : 0;
    blocked += status == 503 ? 1 : 0;
  }
  EXPECT_GE(unverified, 3);
  EXPECT_GT(blocked, 0);
  EXPECT_EQ(unverified + blocked, 50);
  EXPECT_EQ(receiver_->turned(Receiver::kBlocked), static_cast<uint64_t>(blocked));
  // The address is blocked only for some time.
  int status = 503;
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
  while (status == 503 && SteadyTime::Now() < end) {
    status = StatusOf(Post(SignedBy(kSecret, kRefund), kRefund));
  }
  EXPECT_EQ(status, 204);
}

TEST_F(ReceiverLimitsTest, ASlowSenderIsGivenUp) {
  options_.request_timeout = absl::Milliseconds(200);
  Start();
  // Exchange reads to the end of the connection, so it returns when the receiver has closed it.
  EXPECT_EQ(Send("POST /webhooks/paynow HTTP/1.1\r\n"), "");
  EXPECT_EQ(Send(absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n",
                              SignedBy(kSecret, kRefund), "\r\n{")),
            "");
  // Beast closes the socket before it calls the handler that counts.
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
  while (receiver_->turned(Receiver::kTooSlow) < 2 && SteadyTime::Now() < end) {
    std::this_thread::yield();
  }
  EXPECT_EQ(receiver_->turned(Receiver::kTooSlow), 2u);
}

TEST_F(ReceiverLimitsTest, SilentConnectionsKeepNobodyOut) {
  options_.max_connections = 8;
  Start();
  std::vector<int> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(security::Connect(receiver_->port()));
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
  EXPECT_LE(receiver_->connections(), 9u);
  for (const int fd : silent) close(fd);
}

TEST_F(ReceiverLimitsTest, WhileTheLogIsDownTheProviderComesAgain) {
  FaultVfs disk;
  log_options_.vfs = FaultVfs::name();
  Start();
  disk.Set(FaultVfs::kSyncs, true);
  const std::string fields = SignedBy(kSecret, kRefund);
  EXPECT_EQ(StatusOf(Post(fields, kRefund)), 503);
  EXPECT_EQ(StatusOf(Post(fields, kRefund)), 503);
  EXPECT_GT(disk.Times(FaultVfs::kSyncs), 0);
  disk.Set(FaultVfs::kSyncs, false);
  int status = 503;
  const SteadyTime end = SteadyTime::Now() + absl::Seconds(30);
  while (status == 503 && SteadyTime::Now() < end) status = StatusOf(Post(fields, kRefund));
  EXPECT_EQ(status, 204);
  EXPECT_THAT(IdsOf(PullFrom(*log_, "s")), ElementsAre("17")) << "one event of all the tries";
  receiver_.reset();
  log_.reset();
}

TEST_F(ReceiverLimitsTest, AStopTakesNoMoreConnections) {
  Start();
  const int idle = security::Connect(receiver_->port());
  receiver_->Stop();
  char byte;
  EXPECT_LE(read(idle, &byte, 1), 0) << "an idle connection is closed";
  close(idle);
}

}  // namespace
}  // namespace gateway::events
