// Somebody else refunds the order while the outcome of our refund is unknown. Our refund never
// reached the upstream, so the gateway must not report it as done because of the foreign refund.
#include <gtest/gtest.h>
#include <httplib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/ledger_entry.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/service/temp_dir.h"

namespace gateway::end_to_end {
namespace {

using sandbox::Fault;

// Orders of the sandbox's seed, each with two of its lines.
struct Order {
  const char* id;
  const char* line;
  const char* other_line;
};
constexpr Order kOrder{"411486491630370850", "411486491630370851", "411486491630370852"};
constexpr Order kSecond{"421673673162752000", "421668388339712000", "421670149947392000"};
constexpr Order kThird{"421698335670272000", "421693050847232000", "421694812454912000"};

std::string BodyOf(const std::string& line) {
  return absl::StrCat(R"({"order_line_id": ")", line, R"("})");
}

class ForeignRefundTest : public testing::Test {
 protected:
  ForeignRefundTest() : paynow_(OptionsWith(directory_.Path("ledger/ledger.db"))) {}

  static StackOptions OptionsWith(const std::string& ledger_file) {
    StackOptions options;
    options.ledger_file = ledger_file;
    return options;
  }

  // Refunds `line` of the order through the gateway, with the order's id as the key.
  Answer Refund(const Order& order) {
    return paynow_.Call(
        "OrdersService/RefundOrder",
        absl::StrCat(R"({"order_id": ")", order.id, R"(", "body": )", BodyOf(order.line), "}"),
        {{"idempotency-key", order.id}});
  }

  Answer LostRefund(const Order& order) {
    Fault fault;
    fault.kind = Fault::Kind::kDropBeforeCommit;
    fault.operation = "RefundOrder";
    paynow_.stack().sandbox().faults().Add(fault);
    Answer answer = Refund(order);
    EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "unknown") << answer.status.error_message();
    return answer;
  }

  // Refunds a line of the order directly at the sandbox, past the gateway.
  void ForeignRefund(const Order& order, const std::string& line) {
    httplib::Client other("127.0.0.1", paynow_.stack().sandbox().port());
    const auto refunded =
        other.Post(absl::StrCat("/v1/stores/", kStore, "/orders/", order.id, "/refund"),
                   {{"Authorization", absl::StrCat("APIKey ", sandbox::kSandboxApiKey)}},
                   BodyOf(line), "application/json");
    ASSERT_TRUE(refunded);
    ASSERT_EQ(refunded->status, 200) << refunded->body;
  }

  size_t RefundsOf(const Order& order) {
    const Json payments = paynow_.Reply("PaymentsService/GetPayments",
                                        absl::StrCat(R"({"order_id": ")", order.id, R"("})"));
    return payments.at("items").at(0).value("refunds", Json::array()).size();
  }

  Caller& caller() { return paynow_.stack().caller(); }

  const TempDir directory_;
  ProviderStack paynow_;
};

TEST_F(ForeignRefundTest, OfAnotherLineDeceivesNobody) {
  const Answer lost = LostRefund(kOrder);
  ForeignRefund(kOrder, kOrder.other_line);
  EXPECT_EQ(EntryInTheEnd(caller(), lost).state(), ledger::v1::STATE_NOT_DONE);
  EXPECT_TRUE(Refund(kOrder).status.ok());
  EXPECT_EQ(RefundsOf(kOrder), 2u);
}

TEST_F(ForeignRefundTest, ThatAppearsAfterALookLeavesOursUnknown) {
  const Answer lost = LostRefund(kSecond);
  AwaitUnknown(caller(), lost, "another read is needed");
  ForeignRefund(kSecond, kSecond.line);
  AwaitUnknown(caller(), lost, "appeared after a read");
  EXPECT_EQ(DetailsOf(Refund(kSecond).status).Meta("outcome"), "unknown");
  EXPECT_EQ(RefundsOf(kSecond), 1u);
}

TEST_F(ForeignRefundTest, ThatIsMadeLaterByTheUpstreamsClockLeavesOursUnknown) {
  const Answer lost = LostRefund(kThird);
  paynow_.stack().sandbox().handler().Forward(absl::Minutes(10));
  ForeignRefund(kThird, kThird.line);
  AwaitUnknown(caller(), lost, "made after the write had ended");
  EXPECT_EQ(DetailsOf(Refund(kThird).status).Meta("outcome"), "unknown");
  EXPECT_EQ(RefundsOf(kThird), 1u);
}

// A foreign refund of the same line at the same moment cannot be distinguished from ours. The order
// is refunded once, as our caller wanted, so the gateway reports our refund as done.
// docs/unknown-outcomes.md says so.
TEST_F(ForeignRefundTest, OfTheSameLineAtTheSameMomentIsTakenForOurs) {
  const Answer lost = LostRefund(kOrder);
  ForeignRefund(kOrder, kOrder.line);
  EXPECT_EQ(EntryInTheEnd(caller(), lost).state(), ledger::v1::STATE_DONE);
  EXPECT_EQ(Refund(kOrder).trailers.count("gateway-replayed"), 1u);
  EXPECT_EQ(RefundsOf(kOrder), 1u);
}

}  // namespace
}  // namespace gateway::end_to_end
