// Each fault as a client sees it: what was executed, and what was answered.
#include "upstream/sandbox/faults/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/raw.h"

namespace gateway::sandbox {
namespace {

constexpr char kApi[] = "/_sandbox/api/faults";
constexpr char kOrder[] = "/v1/stores/411486491630370816/orders/411486491630370850";
constexpr char kAuthorized[] = "Host: x\r\nAuthorization: APIKey pnapi_v1_sandbox\r\n\r\n";

class FaultsTest : public testing::Test {
 protected:
  // Orders this fault for the next refund.
  void Order(const Json& fault) {
    const Answer answer = client_.Post(kApi, fault);
    ASSERT_EQ(answer.status, 201) << answer.text;
  }

  // Refunds over a connection that the fault may end. Returns the bytes received.
  std::string Refund(Raw& raw, const std::string& until = "") {
    raw.Say(absl::StrCat("POST ", kOrder, "/refund HTTP/1.1\r\n", kAuthorized));
    return raw.Hear(until);
  }

  bool Refunded() { return client_.Get(kOrder).body.at("status") == "refunded"; }
  int64_t Fired() { return client_.Get(kApi).body.at(0).at("fired"); }

  const std::unique_ptr<Sandbox> sandbox_ = StartSandbox();
  Client client_{sandbox_->port()};
};

TEST_F(FaultsTest, CommitThenDropExecutesAndAnswersNothing) {
  Order({{"kind", "commit-then-drop"}, {"operation", "RefundOrder"}});
  Raw raw(sandbox_->port());
  EXPECT_EQ(Refund(raw), "");
  EXPECT_FALSE(raw.ended_by_reset());
  EXPECT_TRUE(Refunded());
  EXPECT_EQ(Fired(), 1);
  // The fault was for one call only.
  Raw again(sandbox_->port());
  EXPECT_THAT(Refund(again, "}"), testing::StartsWith("HTTP/1.1 409"));
}

TEST_F(FaultsTest, DropBeforeCommitExecutesNothing) {
  Order({{"kind", "drop-before-commit"}, {"operation", "Orders_RefundOrder"}});
  Raw raw(sandbox_->port());
  EXPECT_EQ(Refund(raw), "");
  EXPECT_TRUE(raw.ended_by_reset());
  EXPECT_FALSE(Refunded());
}

TEST_F(FaultsTest, DelayAnswersLate) {
  Order({{"kind", "delay"}, {"operation", "RefundOrder"}, {"pause_ms", 300}});
  Raw raw(sandbox_->port());
  const absl::Time before = absl::Now();
  EXPECT_THAT(Refund(raw, "}"), testing::StartsWith("HTTP/1.1 200"));
  EXPECT_GE(absl::Now() - before, absl::Milliseconds(300));
}

TEST_F(FaultsTest, AClientThatLeavesADelayedAnswerIsLetGo) {
  Order({{"kind", "delay"}, {"operation", "RefundOrder"}, {"pause_ms", 600000}});
  Raw raw(sandbox_->port());
  raw.Say(absl::StrCat("POST ", kOrder, "/refund HTTP/1.1\r\n", kAuthorized));
  raw.EndSaying();
  EXPECT_EQ(raw.Hear(), "");
  EXPECT_TRUE(Refunded());
}

TEST_F(FaultsTest, TooManyRequestsTellsWhenToComeBack) {
  Order({{"kind", "too-many-requests"}, {"operation", "RefundOrder"}, {"retry_after_s", 7}});
  Raw raw(sandbox_->port());
  const std::string heard = Refund(raw, "}");
  EXPECT_THAT(heard, testing::StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
  EXPECT_THAT(heard, testing::HasSubstr("\r\nRetry-After: 7\r\n"));
  EXPECT_FALSE(Refunded());
}

TEST_F(FaultsTest, InternalErrorIsSpelledAsTheProviderSpellsErrors) {
  Order({{"kind", "internal-error"}, {"operation", "RefundOrder"}});
  Raw raw(sandbox_->port());
  EXPECT_THAT(Refund(raw, "}"), testing::AllOf(testing::StartsWith("HTTP/1.1 500"),
                                               testing::HasSubstr("\"trace_id\"")));
  EXPECT_FALSE(Refunded());
}

TEST_F(FaultsTest, BadGatewayIsAPageAndMayHideThatItWasExecuted) {
  Order({{"kind", "bad-gateway"}, {"operation", "RefundOrder"}, {"commit", true}});
  Raw raw(sandbox_->port());
  EXPECT_THAT(Refund(raw, "</html>"),
              testing::AllOf(testing::StartsWith("HTTP/1.1 502"), testing::HasSubstr("text/html")));
  EXPECT_TRUE(Refunded());
}

// Whether the call is executed or not, hook and journal get the reply that the client gets.
TEST_F(FaultsTest, HookAndJournalSeeOnceWhatGoesOut) {
  for (const char* const kind : {"internal-error", "bad-gateway", "too-many-requests"}) {
    for (const bool commit : {false, true}) {
      Order({{"kind", kind}, {"operation", "RefundOrder"}, {"commit", commit}});
      std::vector<std::string> told;
      sandbox_->OnReply([&told](const Received&, const Reply& reply) {
        told.push_back(ReplyText(reply, /*keep_alive=*/true));
      });
      Raw raw(sandbox_->port());
      raw.Say(absl::StrCat("POST ", kOrder, "/refund HTTP/1.1\r\n", kAuthorized));
      raw.EndSaying();
      const std::string heard = raw.Hear();
      sandbox_->OnReply(nullptr);
      EXPECT_THAT(told, testing::ElementsAre(heard)) << kind << commit;
      const Json seen = client_.Get("/_sandbox/api/requests").body.at(0);
      EXPECT_EQ(absl::StrCat("HTTP/1.1 ", seen.at("status").get<int>()), heard.substr(0, 12));
    }
  }
}

TEST_F(FaultsTest, CutReplyEndsInTheMiddle) {
  Order({{"kind", "cut-reply"}, {"operation", "RefundOrder"}});
  Raw raw(sandbox_->port());
  const std::string heard = Refund(raw);
  EXPECT_THAT(heard,
              testing::AllOf(testing::StartsWith("HTTP/1.1 200"), testing::HasSubstr("\r\n\r\n{")));
  EXPECT_NE(heard.back(), '}');
  EXPECT_TRUE(Refunded());
}

TEST_F(FaultsTest, SlowReplyComesInPieces) {
  Order({{"kind", "slow-reply"}, {"operation", "RefundOrder"}, {"pause_ms", 1}});
  Raw raw(sandbox_->port());
  EXPECT_THAT(Refund(raw, "\r\n\r\n"), testing::StartsWith("HTTP/1.1 200"));
  EXPECT_GT(raw.pieces(), 20);
}

TEST_F(FaultsTest, ForeignReplyFollowsTheAnswer) {
  Order({{"kind", "foreign-reply"}, {"operation", "RefundOrder"}});
  Raw raw(sandbox_->port());
  EXPECT_THAT(Refund(raw, "foreign"), testing::StartsWith("HTTP/1.1 200"));
}

TEST_F(FaultsTest, AFaultIsForItsOperationAndItsNumberOfCalls) {
  Order({{"kind", "too-many-requests"}, {"operation", "GetOrderById"}, {"times", 2}});
  EXPECT_EQ(client_.Get("/v1/stores").status, 200);
  EXPECT_EQ(client_.Get(kOrder).status, 429);
  EXPECT_EQ(client_.Get(kOrder).status, 429);
  EXPECT_EQ(client_.Get(kOrder).status, 200);
  Order({{"kind", "internal-error"}, {"times", -1}});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client_.Get(kOrder).status, 500);
  EXPECT_EQ(client_.Delete(absl::StrCat(kApi, "/2")).status, 204);
  EXPECT_EQ(client_.Delete(absl::StrCat(kApi, "/2")).status, 404);
  EXPECT_EQ(client_.Get(kOrder).status, 200);
  EXPECT_EQ(client_.Get(kApi).body.size(), 1u);
  EXPECT_EQ(client_.Delete(kApi).status, 204);
  EXPECT_EQ(client_.Get(kApi).body.size(), 0u);
}

TEST_F(FaultsTest, WhatIsNoFaultIsRefused) {
  for (const char* const body : {"", "[]", "{}", R"({"kind":"flood"})", R"({"kind":7})",
                                 R"({"kind":"delay","times":"x"})"}) {
    EXPECT_EQ(client_.Send("POST", kApi, body).status, 400) << body;
  }
  EXPECT_EQ(client_.Get("/_sandbox/api/nothing").status, 404);
  EXPECT_EQ(client_.Send("PUT", kApi, "{}").status, 405);
}

// A foreign web page, open in a browser on this host, must not be able to order faults.
TEST_F(FaultsTest, ForeignPagesAreRefused) {
  for (const char* const headers :
       {"Host: evil.example\r\n", "Host: 127.0.0.1\r\nOrigin: http://evil.example\r\n",
        "Host: 127.0.0.1\r\nOrigin: null\r\n", "Host: 127.0.0.1.evil.example:80\r\n"}) {
    Raw raw(sandbox_->port());
    raw.Say(absl::StrCat("GET ", kApi, " HTTP/1.1\r\n", headers, "\r\n"));
    EXPECT_THAT(raw.Hear("}"), testing::StartsWith("HTTP/1.1 403")) << headers;
  }
  Raw raw(sandbox_->port());
  raw.Say(absl::StrCat("GET ", kApi,
                       " HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n"));
  EXPECT_THAT(raw.Hear("]"), testing::StartsWith("HTTP/1.1 200"));
}

TEST(FaultText, SaysKindOperationAndTimes) {
  const auto fault = ParseFault("slow-reply:GetOrders:3");
  ASSERT_TRUE(fault.ok());
  EXPECT_EQ(ToJson(*fault).at("kind"), "slow-reply");
  EXPECT_EQ(fault->operation, "GetOrders");
  EXPECT_EQ(fault->times, 3);
  EXPECT_TRUE(ParseFault("delay").ok());
  for (const char* const text : {"", "flood", "delay:X:y", "delay:X:1:2"}) {
    EXPECT_FALSE(ParseFault(text).ok()) << text;
  }
  for (const std::string& kind : FaultKinds()) EXPECT_TRUE(ParseFault(kind).ok()) << kind;
}

}  // namespace
}  // namespace gateway::sandbox
