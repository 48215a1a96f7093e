// Refunds through the gateway while the sandbox makes each of its faults: checks the error that the
// caller gets, and whether the reported outcome is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/end_to_end/support/provider_stack.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using sandbox::Fault;
using Kind = sandbox::Fault::Kind;

constexpr char kRefund[] = "OrdersService/RefundOrder";
constexpr char kRead[] = "OrdersService/GetOrderById";
constexpr char kOrder[] = R"({"order_id": "411486491630370850"})";
constexpr char kOrderAndBody[] = R"({"order_id": "411486491630370850", "body": {}})";

class LostAnswerTest : public testing::Test {
 protected:
  Answer RefundWith(Kind kind, bool commit = false) {
    Fault fault;
    fault.kind = kind;
    fault.operation = "RefundOrder";
    fault.commit = commit;
    fault.pause = absl::Milliseconds(1);
    stack_.stack().sandbox().faults().Add(fault);
    return stack_.Call(kRefund, kOrderAndBody);
  }

  void ExpectUnknown(const Answer& answer, StatusCode code = StatusCode::UNKNOWN) {
    EXPECT_EQ(answer.status.error_code(), code) << answer.status.error_message();
    EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "unknown");
  }

  bool Refunded() { return stack_.Reply(kRead, kOrder).at("status") == "ORDER_STATUS_REFUNDED"; }

  ProviderStack stack_{"paynow"};
};

TEST_F(LostAnswerTest, ALostAnswerIsUnknownAndTheRefundHappened) {
  ExpectUnknown(RefundWith(Kind::kCommitThenDrop));
  EXPECT_TRUE(Refunded());
}

TEST_F(LostAnswerTest, ALostRequestIsUnknownTooAndTheRefundDidNotHappen) {
  ExpectUnknown(RefundWith(Kind::kDropBeforeCommit));
  EXPECT_FALSE(Refunded());
}

TEST_F(LostAnswerTest, ALateAnswerIsAnAnswer) {
  EXPECT_TRUE(RefundWith(Kind::kDelay).status.ok());
  EXPECT_TRUE(RefundWith(Kind::kSlowReply).status.error_code() == StatusCode::ABORTED);
  EXPECT_TRUE(Refunded());
}

TEST_F(LostAnswerTest, TooManyRequestsIsRefusedAndSaysWhenToComeBack) {
  const Answer answer = RefundWith(Kind::kTooManyRequests);
  EXPECT_EQ(answer.status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "refused");
  EXPECT_EQ(answer.trailers.find("grpc-retry-pushback-ms")->second, "1000");
  EXPECT_FALSE(Refunded());
}

TEST_F(LostAnswerTest, AnErrorOfTheServerIsUnknown) {
  ExpectUnknown(RefundWith(Kind::kInternalError), StatusCode::INTERNAL);
  ExpectUnknown(RefundWith(Kind::kBadGateway));
  EXPECT_FALSE(Refunded());
  ExpectUnknown(RefundWith(Kind::kBadGateway, /*commit=*/true));
  EXPECT_TRUE(Refunded());
}

// The status line arrives, but the reply is cut. The refund happened, and its outcome is "unknown".
TEST_F(LostAnswerTest, ACutReplyIsUnknown) {
  ExpectUnknown(RefundWith(Kind::kCutReply));
  EXPECT_TRUE(Refunded());
}

TEST_F(LostAnswerTest, AForeignReplyReachesNobody) {
  EXPECT_TRUE(RefundWith(Kind::kForeignReply).status.ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(stack_.Reply(kRead, kOrder).at("id"), "411486491630370850");
  }
}

}  // namespace
}  // namespace gateway::end_to_end
