// The webhook receiver over plain HTTP/1.1 sockets: what it answers, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/receiver/tls_context.h"
#include "tests/service/authority.h"
#include "tests/service/events/receiver_fixture.h"
#include "tests/service/tls_exchange.h"

namespace gateway::events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A reload may exchange the secret, or remove the provider, while a delivery is read.
TEST_F(ReceiverTest, TheSettingsOfADeliveryAreThoseOfItsBeginning) {
  Start();
  const auto address = intake_->AddressOf("/webhooks/paynow");
  ASSERT_TRUE(address);
  auto other = std::make_shared<webhooks::Settings>();
  other->max_body_bytes = 1;
  settings_ = other;
  const std::string body = kRefund;
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
  const std::string signature =
      webhooks::Base64Text(webhooks::Hmac(kSecret, absl::StrCat(timestamp, ".", body)));
  const std::vector<webhooks::Header> headers = {{"PayNow-Timestamp", timestamp},
                                                 {"PayNow-Signature", signature}};
  EXPECT_EQ(intake_->MaxBodyBytes(*address), 2000u);
  EXPECT_EQ(intake_->Foresee(*address, headers, absl::Now()), std::nullopt);
  std::promise<Outcome> outcome;
  intake_->Take(*address, headers, body, absl::Now(),
                [&outcome](Outcome of) { outcome.set_value(of); });
  EXPECT_EQ(outcome.get_future().get(), Outcome::kKept);
  EXPECT_FALSE(intake_->AddressOf("/webhooks/paynow")) << "the next delivery is another matter";
}

TEST_F(ReceiverTest, AGenuineDeliveryIsKeptBeforeItIsAnswered) {
  Start();
  EXPECT_EQ(Send(Post(SignedBy(kSecret, kRefund), kRefund)),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  const auto received = PullFrom(*log_, "s");
  ASSERT_THAT(IdsOf(received), ElementsAre("17"));
  const Head& head = (*received)[0].event.event.head;
  EXPECT_EQ(head.provider, "paynow");
  EXPECT_EQ(head.type, "ON_REFUND");
  EXPECT_EQ(head.store, "9");
  EXPECT_EQ(head.resource, "7");
  EXPECT_EQ(*OpenBody(*TestCipher(), (*received)[0].event.key, (*received)[0].event.sealed_body),
            kRefund);
  EXPECT_TRUE((*received)[0].event.event.signed_time);
  // The provider did not get the answer: it signs and sends the event again.
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
  EXPECT_EQ(intake_->count("paynow", Outcome::kKept), 1u);
  EXPECT_EQ(intake_->count("paynow", Outcome::kDuplicate), 1u);
}

TEST_F(ReceiverTest, WhatIsNotGenuineIsRefusedWithoutAWord) {
  Start();
  const std::string now = SignedBy(kSecret, kRefund);
  for (const std::string& request :
       {Post(SignedBy("another", kRefund), kRefund), Post(now, absl::StrCat(kRefund, " ")),
        Post("", kRefund), Post(absl::StrCat(now, now), kRefund),
        Post(SignedBy(kSecret, kRefund, absl::Now() - absl::Hours(24 * 7)), kRefund),
        Post(SignedBy(kSecret, kRefund, absl::Now() + absl::Hours(1)), kRefund)}) {
    EXPECT_EQ(Send(request),
              "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }
  EXPECT_EQ(intake_->count("paynow", Outcome::kNotVerified), 6u);
  EXPECT_THAT(IdsOf(PullFrom(*log_, "s")), testing::IsEmpty());
}

TEST_F(ReceiverTest, AForgedDeliveryDoesNotTakeThePlaceOfAGenuineOne) {
  Start();
  EXPECT_EQ(StatusOf(Post(SignedBy("another", kRefund), kRefund)), 401);
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
  EXPECT_EQ(intake_->count("paynow", Outcome::kKept), 1u);
}

TEST_F(ReceiverTest, WhatIsGenuineAndUnreadableIsKept) {
  Start();
  const std::string body = "no JSON";
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, body), body)), 204);
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, body), body)), 204);
  EXPECT_THAT(IdsOf(PullFrom(*log_, "s")), ElementsAre(""));
  EXPECT_EQ(intake_->unreadable(), 2u);
}

TEST_F(ReceiverTest, NothingElseAnswers) {
  Start();
  const std::string fields = SignedBy(kSecret, kRefund);
  for (const char* path :
       {"/", "/webhooks", "/webhooks/", "/webhooks/paynow/", "/webhooks//paynow",
        "/webhooks/paynow?x", "/webhooks/./paynow", "/webhooks/../webhooks/paynow",
        "/webhooks/%70aynow", "/WEBHOOKS/paynow", "/webhooks/PAYNOW", "/webhooks/nobody",
        "/webhooks/convergegate", "/webhooks/paynow/nobody", "/webhooks/paynow/eu/", "/metrics"}) {
    EXPECT_EQ(StatusOf(Post(fields, kRefund, path)), 404) << path;
  }
  EXPECT_EQ(StatusOf("GET /webhooks/paynow HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
  EXPECT_EQ(receiver_->turned(Receiver::kElsewhere), 17u);
}

TEST_F(ReceiverTest, EachAccountHasItsAddressAndItsSecrets) {
  Start();
  EXPECT_EQ(StatusOf(Post(SignedBy("of eu", kRefund), kRefund, "/webhooks/paynow/eu")), 204);
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund, "/webhooks/paynow/eu")), 401);
  EXPECT_EQ(StatusOf(Post(SignedBy("of eu", kRefund), kRefund)), 401);
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204)
      << "the same id at another account is another event";
  const auto received = PullFrom(*log_, "s");
  ASSERT_THAT(IdsOf(received), ElementsAre("17", "17"));
  EXPECT_EQ((*received)[0].event.event.head.name, "eu");
  EXPECT_EQ((*received)[1].event.event.head.name, "");
}

TEST_F(ReceiverTest, WhatNobodySignsIsBoundedInNumberAndSize) {
  Start();
  const auto hint = [](int id) {
    return absl::StrCat(R"({"id":"evt","type":"t","data":{"id":"cs_)", id, R"("}})");
  };
  const auto send = [&](const std::string& body) {
    return StatusOf(Post("", body, "/webhooks/qashier"));
  };
  EXPECT_EQ(send("no JSON"), 401);
  EXPECT_EQ(send(std::string(2001, 'x')), 503);
  EXPECT_EQ(send(hint(0)), 204);
  EXPECT_EQ(send(hint(0)), 204);
  EXPECT_EQ(intake_->count("qashier", Outcome::kDuplicate), 1u);
  const auto received = PullFrom(*log_, "s");
  ASSERT_THAT(IdsOf(received), ElementsAre("evt"));
  EXPECT_TRUE(IsHint((*received)[0].event.event.head, (*received)[0].event.key));
  EXPECT_EQ(send(hint(1)), 204);
  EXPECT_EQ(intake_->count("qashier", Outcome::kConflict), 0u)
      << "anybody can choose an id: it takes nobody's place, and alerts nobody";
  int refused = 0;
  for (int id = 2; id < 500; ++id) refused += send(hint(id)) == 503 ? 1 : 0;
  EXPECT_GT(refused, 100);
  EXPECT_EQ(intake_->count("qashier", Outcome::kTooMany), static_cast<uint64_t>(refused));
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204) << "what is signed is taken";
}

TEST_F(ReceiverTest, OverTlsItIsTheSame) {
  Authority authority("servers");
  const Identity server = authority.Issue({});
  const Identity renewed = authority.Issue({});
  std::shared_ptr<boost::asio::ssl::context> context =
      *MakeTlsContext(server.certificate, server.key);
  options_.tls = [&context] { return context; };
  options_.request_timeout = absl::Seconds(1);
  Start();
  const std::string request = Post(SignedBy(kSecret, kRefund), kRefund);
  TlsAnswer answer = ExchangeOverTls(receiver_->port(), authority.file(), request);
  EXPECT_TRUE(answer.handshake);
  EXPECT_EQ(answer.text, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.certificate, server.certificate);
  EXPECT_THAT(IdsOf(PullFrom(*log_, "s")), ElementsAre("17"));
  EXPECT_EQ(Send(request), "") << "plain text to a port of TLS";
  EXPECT_FALSE(
      ExchangeOverTls(receiver_->port(), authority.file(), request, TLS1_1_VERSION).handshake);
  EXPECT_EQ(Send(""), "") << "a connection that says nothing ends after its time";
  context = *MakeTlsContext(renewed.certificate, renewed.key);
  answer = ExchangeOverTls(receiver_->port(), authority.file(), request);
  EXPECT_EQ(answer.certificate, renewed.certificate);
  EXPECT_THAT(answer.text, StartsWith("HTTP/1.1 204"));
}

TEST_F(ReceiverTest, HttpIsReadStrictly) {
  Start();
  const std::string fields = SignedBy(kSecret, kRefund);
  EXPECT_EQ(StatusOf(Post(absl::StrCat(fields, "Transfer-Encoding: chunked\r\n"), kRefund)), 400);
  EXPECT_EQ(StatusOf(Post(absl::StrCat(fields, "Content-Length: 3\r\n"), kRefund)), 400);
  EXPECT_EQ(StatusOf(Post(absl::StrCat(fields, "A: b\n"), kRefund)), 400);
  EXPECT_EQ(StatusOf(Post(absl::StrCat(fields, "A: b\r\n c\r\n"), kRefund)), 400);
  EXPECT_EQ(receiver_->turned(Receiver::kMalformed), 4u);
}

TEST_F(ReceiverTest, TakesABodyInChunks) {
  Start();
  const std::string body = kRefund;
  const auto chunk = [](const std::string& bytes) {
    return absl::StrCat(absl::Hex(bytes.size()), "\r\n", bytes, "\r\n");
  };
  const std::string head =
      absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                   SignedBy(kSecret, body), "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(
      StatusOf(absl::StrCat(head, chunk(body.substr(0, 9)), chunk(body.substr(9)), chunk(""))),
      204);
  EXPECT_EQ(StatusOf(absl::StrCat(head, "zz\r\n", body, "\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(StatusOf(absl::StrCat(head, chunk(std::string(3000, 'x')), chunk(""))), 503);
}

}  // namespace
}  // namespace gateway::events
