// The webhook receiver over plain HTTP/1.1 sockets: what it answers, and what it refuses.
#include "service/events/receiver/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/events/receiver/tls_context.h"
#include "service/events/sqlite/log.h"
#include "tests/security/raw_tcp.h"
#include "tests/service/authority.h"
#include "tests/service/captured_stderr.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/ledger/fault_vfs.h"
#include "tests/service/temp_dir.h"
#include "tests/service/tls_exchange.h"
#include "tests/upstream/webhooks/message.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway::events {
namespace {

using ledger::FaultVfs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kSecret[] = "whsec";
constexpr char kRefund[] =
    R"({"event_type":"ON_REFUND","event_id":"17","body":{"id":"1","order_id":"7","store_id":"9"}})";

webhooks::Verifier MakeVerifier(const char* provider) {
  return *webhooks::Verifier::Create(webhooks::SchemeOf(provider), {.secrets = {kSecret}});
}

std::string SignedBy(const std::string& secret, const std::string& body,
                     absl::Time time = absl::Now()) {
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(time));
  return absl::StrCat(
      "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ",
      webhooks::Base64Text(webhooks::Hmac(secret, absl::StrCat(timestamp, ".", body))), "\r\n");
}

std::string Post(const std::string& fields, const std::string& body,
                 const std::string& path = "/webhooks/paynow", const char* end = "close") {
  return absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: a\r\nConnection: ", end,
                      "\r\nContent-Length: ", body.size(), "\r\n", fields, "\r\n", body);
}

class ReceiverTest : public testing::Test {
 protected:
  ReceiverTest() {
    auto settings = std::make_shared<webhooks::Settings>();
    settings->max_body_bytes = 2000;
    settings->providers.emplace("paynow", MakeVerifier("paynow"));
    settings->providers.emplace("paymentkit", MakeVerifier("paymentkit"));
    settings->providers.emplace(
        "qashier",
        *webhooks::Verifier::Create(webhooks::SchemeOf("qashier"), {.allow_unsigned = true}));
    settings->accounts.emplace(
        "paynow/eu",
        *webhooks::Verifier::Create(webhooks::SchemeOf("paynow"), {.secrets = {"of eu"}}));
    settings_ = settings;
    log_options_.file = directory_.Path("events/events.db");
    log_options_.common.first_retry = absl::Milliseconds(10);
    log_options_.common.subscriptions = {{.name = "s"}};
    options_.listen = "127.0.0.1:0";
  }

  void Start() {
    auto log = SqliteEventLog::Open(log_options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    intake_ = std::make_unique<Intake>(*log_, TestCipher(), webhooks::EmbeddedSchemes(),
                                       [this] { return settings_; });
    auto receiver = Receiver::Create(options_, *intake_);
    ASSERT_TRUE(receiver.ok()) << receiver.status();
    receiver_ = *std::move(receiver);
  }

  void Stop() {
    receiver_.reset();
    intake_.reset();
    log_.reset();
  }

  std::string Send(const std::string& request) {
    return security::Exchange(receiver_->port(), request);
  }

  // Returns the status code of the answer, or 0 if there is no answer.
  int StatusOf(const std::string& request) {
    const std::string answer = Send(request);
    return absl::StartsWith(answer, "HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
  }

  const TempDir directory_;
  std::shared_ptr<const webhooks::Settings> settings_;
  SqliteOptions log_options_;
  ReceiverOptions options_;
  std::unique_ptr<SqliteEventLog> log_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Receiver> receiver_;
};

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

// Long chunk extensions, trailers and fields are refused and take no memory; other requests are
// served meanwhile.
TEST_F(ReceiverTest, WhatStandsBesideABodyIsBounded) {
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

TEST_F(ReceiverTest, AFaultEndsTheConnectionThatMetItAlone) {
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
TEST_F(ReceiverTest, WhatIsTooLargeIsNotReadAndComesAgain) {
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

TEST_F(ReceiverTest, AConnectionTakesRequestAfterRequest) {
  Start();
  const std::string fields = SignedBy(kSecret, kRefund);
  const std::string answer = Send(
      absl::StrCat(Post(fields, kRefund, "/webhooks/paynow", "keep-alive"),
                   Post(fields, kRefund, "/webhooks/paynow", "keep-alive"), Post(fields, kRefund)));
  EXPECT_EQ(answer,
            "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST_F(ReceiverTest, AsksForABodyThatWaits) {
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

TEST_F(ReceiverTest, AnAddressWithTooManyFailuresHasToWait) {
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

TEST_F(ReceiverTest, ASlowSenderIsGivenUp) {
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

TEST_F(ReceiverTest, SilentConnectionsKeepNobodyOut) {
  options_.max_connections = 8;
  Start();
  std::vector<int> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(security::Connect(receiver_->port()));
  EXPECT_EQ(StatusOf(Post(SignedBy(kSecret, kRefund), kRefund)), 204);
  EXPECT_LE(receiver_->connections(), 9u);
  for (const int fd : silent) close(fd);
}

TEST_F(ReceiverTest, WhileTheLogIsDownTheProviderComesAgain) {
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

TEST_F(ReceiverTest, AStopTakesNoMoreConnections) {
  Start();
  const int idle = security::Connect(receiver_->port());
  receiver_->Stop();
  char byte;
  EXPECT_LE(read(idle, &byte, 1), 0) << "an idle connection is closed";
  close(idle);
}

}  // namespace
}  // namespace gateway::events
