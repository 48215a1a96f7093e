#include "upstream/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/client_fixture.h"

namespace gateway {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Truly;
using testing::UnorderedElementsAre;

TEST_F(ClientTest, SendsAReadWithoutABody) {
  Create();
  Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
  ASSERT_EQ(transport_->sent.size(), 1u);
  const http::Request& request = transport_->sent[0];
  EXPECT_EQ(request.method, http::Method::kGet);
  EXPECT_EQ(request.url, absl::StrCat("https://api.example", kPath));
  EXPECT_FALSE(request.has_body);
  EXPECT_THAT(request.headers,
              UnorderedElementsAre("Authorization: APIKey key-of-12", "Accept: application/json",
                                   "User-Agent: billing-gateway/" GATEWAY_VERSION));
}

TEST_F(ClientTest, NamesTheContentTypeOfABody) {
  Create();
  Call(kRefund, R"({"store_id": "12", "order_id": "34", "body": {}})");
  Call(kDeleteCoupon, R"({"store_id": "12", "coupon_id": "34"})");
  ASSERT_EQ(transport_->sent.size(), 2u);
  EXPECT_EQ(transport_->sent[0].body, "{}");
  EXPECT_THAT(transport_->sent[0].headers, Contains("Content-Type: application/json"));
  EXPECT_FALSE(transport_->sent[1].has_body);
  EXPECT_THAT(transport_->sent[1].headers, Not(Contains(Truly([](absl::string_view line) {
                return absl::StartsWith(line, "Content-Type");
              }))));
}

TEST_F(ClientTest, TakesTheKeyOfTheStore) {
  Create({.base_url = "https://api.example", .default_store = "12"});
  for (const char* store : {R"("store_id": "12",)", R"("store_id": "99",)", ""}) {
    Call(kGetOrder, absl::StrCat("{", store, R"("order_id": "34"})"));
  }
  ASSERT_EQ(transport_->sent.size(), 3u);
  EXPECT_THAT(transport_->sent[0].headers, Contains("Authorization: APIKey key-of-12"));
  EXPECT_THAT(transport_->sent[1].headers, Contains("Authorization: APIKey default-key"));
  EXPECT_THAT(transport_->sent[2].headers, Contains("Authorization: APIKey key-of-12"));
  EXPECT_EQ(transport_->sent[2].url, absl::StrCat("https://api.example", kPath));
}

TEST_F(ClientTest, SendsNothingWithoutAKey) {
  Create({.base_url = "https://api.example"}, Credentials("", {{"12", "key-of-12"}}));
  const Called& call = Call(kRefund, R"({"store_id": "99", "order_id": "34", "body": {}})");
  EXPECT_THAT(transport_->sent, IsEmpty());
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(call.failure().outcome, Outcome::kNotSent);
  EXPECT_EQ(call.failure().reason, "NO_API_KEY");
  EXPECT_FALSE(call.failure().from_upstream);
  EXPECT_THAT(call.failure().message, Not(HasSubstr("key-of-12")));
  last_.Cancel();
  EXPECT_THAT(transport_->cancelled, IsEmpty());
}

TEST_F(ClientTest, SendsNothingOfABadRequest) {
  Create();
  const Called& call = Call(kGetOrder, R"({"store_id": "12", "order_id": "x"})");
  EXPECT_THAT(transport_->sent, IsEmpty());
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(call.failure().outcome, Outcome::kNotSent);
  last_.Cancel();
  EXPECT_THAT(transport_->cancelled, IsEmpty());
}

TEST_F(ClientTest, PassesTheDeadlineOnLessItsMargin) {
  Create();
  const SteadyTime deadline = SteadyTime::Epoch() + absl::Seconds(1234567890);
  Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})", deadline);
  ASSERT_EQ(transport_->sent.size(), 1u);
  EXPECT_EQ(transport_->sent[0].deadline, deadline - absl::Milliseconds(5));
}

TEST_F(ClientTest, CancelsByTheTransportsId) {
  Create();
  Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
  Call(kGetOrder, R"({"store_id": "12", "order_id": "35"})");
  last_.Cancel();
  EXPECT_THAT(transport_->cancelled, ElementsAre(102u));
}

TEST_F(ClientTest, AnswersOnceWithTheReply) {
  Create();
  const Called& call = Call(kDeleteCoupon, R"({"store_id": "12", "coupon_id": "34"})");
  EXPECT_EQ(call.times, 0);
  transport_->waiting.at(0)(Response(204, ""));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(std::get<mapping::Reply>(*call.result).message, "");
}

TEST_F(ClientTest, AnswersOnceWithTheUpstreamsRefusal) {
  Create();
  const Called& call = Call(kRefund, R"({"store_id": "12", "order_id": "34", "body": {}})");
  transport_->waiting.at(0)(Response(404, R"({"code": "order_not_found", "message": "none"})"));
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kNotFound);
  EXPECT_EQ(call.failure().outcome, Outcome::kRefused);
  EXPECT_EQ(call.failure().upstream_code, "order_not_found");
  EXPECT_TRUE(call.failure().from_upstream);
}

// The same lost answer means different things for a read and for a write.
TEST_F(ClientTest, TellsAReadFromAWriteWhereTheAnswerWasLost) {
  Client::Options once = {.base_url = "https://api.example"};
  once.retry.max_attempts = 1;
  Create(once);
  const Called& read = Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
  const Called& write = Call(kRefund, R"({"store_id": "12", "order_id": "34", "body": {}})");
  for (auto& done : transport_->waiting) {
    done(http::Error{.kind = http::Error::Kind::kBroken, .sent = true, .message = "reset"});
  }
  EXPECT_EQ(read.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(write.failure().code, absl::StatusCode::kUnknown);
  EXPECT_EQ(read.failure().outcome, Outcome::kUnknown);
  EXPECT_EQ(write.failure().outcome, Outcome::kUnknown);
}

TEST_F(ClientTest, MayBeAnsweredBeforeCallReturns) {
  Create();
  transport_->answer_at_once = true;
  const Called& call = Call(kRefund, R"({"store_id": "12", "order_id": "34", "body": {}})");
  ASSERT_EQ(call.times, 1);
  EXPECT_EQ(call.failure().code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(call.failure().outcome, Outcome::kNotSent);
}

TEST_F(ClientTest, TakesBaseUrlsWithPortAndPath) {
  const struct {
    const char* base_url;
    const char* host;
  } kRows[] = {
      {"http://h", "h"},
      {"https://api.example:8443", "api.example"},
      {"https://api.example/prefix/v2", "api.example"},
      {"http://127.0.0.1:65535/p", "127.0.0.1"},
      {"http://[::1]:80", "[::1]"},
      {"http://[::1]", "[::1]"},
  };
  for (const auto& row : kRows) {
    Create({.base_url = row.base_url});
    EXPECT_EQ(client_->host(), row.host);
    Call(kGetOrder, R"({"store_id": "12", "order_id": "34"})");
    EXPECT_EQ(transport_->sent.at(0).url, absl::StrCat(row.base_url, kPath));
  }
}

TEST_F(ClientTest, RefusesWhatIsNoBaseUrl) {
  for (const char* base_url : {"",
                               "api.example",
                               "ftp://h",
                               "HTTPS://h",
                               "https:/h",
                               "https://",
                               "https:///p",
                               "http://:80",
                               "https://h/",
                               "https://h/p/",
                               "https://h?q",
                               "https://h/p?q=1",
                               "https://h#f",
                               "https://user:MARKER@h",
                               "https://h p",
                               " https://h",
                               "https://h\r\nX: y",
                               "https://h\t",
                               "https://h:",
                               "https://h:x",
                               "https://h:0",
                               "https://h:65536",
                               "https://h:-1",
                               "https://h:8o",
                               "https://h:1:2",
                               "http://[::1",
                               "http://[]x",
                               "http://[::1]x",
                               "https://h\x01",
                               "https://caf\xc3\xa9"}) {
    const auto client = Client::Create({.base_url = base_url}, std::make_unique<FakeTransport>());
    EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument) << base_url;
    EXPECT_THAT(std::string(client.status().message()), Not(HasSubstr("MARKER")));
  }
}

TEST(CredentialsTest, FallBackToTheDefaultKey) {
  Credentials credentials("d", {{"1", "one"}});
  const Credentials moved = std::move(credentials);
  EXPECT_EQ(moved.KeyFor("1"), "one");
  EXPECT_EQ(moved.KeyFor("2"), "d");
  EXPECT_EQ(moved.KeyFor(""), "d");
  EXPECT_EQ(Credentials("", {}).KeyFor("1"), "");
}

}  // namespace
}  // namespace gateway
