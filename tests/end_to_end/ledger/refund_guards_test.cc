// PaymentKit refunds a payment intent or an invoice. While the outcome of one refund is unknown, no
// other refund of the same thing passes, with a key or without.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/service/temp_dir.h"

namespace gateway::end_to_end {
namespace {

using sandbox::Fault;

constexpr char kInvoice[] = R"("invoice_id": "in_1")";
constexpr char kOtherInvoice[] = R"("invoice_id": "in_2")";
constexpr char kIntent[] = R"("payment_intent_id": "pi_1")";
constexpr char kOtherIntent[] = R"("payment_intent_id": "pi_2")";

class RefundGuardsTest : public testing::Test {
 protected:
  static StackOptions Options(const std::string& ledger_file) {
    StackOptions options = OptionsOf("paymentkit");
    options.ledger_file = ledger_file;
    return options;
  }

  Answer Refund(const std::string& of, const std::string& key) {
    Metadata metadata;
    if (!key.empty()) metadata.emplace_back("idempotency-key", key);
    return stack_.Call(
        "RefundsService/CreateRefund",
        absl::StrCat(R"({"body": {)", of, R"(, "amount_atom": 100, "currency": "usd"}})"),
        metadata);
  }

  // Both sends of it are lost.
  void LoseRefund(const std::string& of, const std::string& key) {
    Fault fault;
    fault.kind = Fault::Kind::kCommitThenDrop;
    fault.operation = "CreateRefund";
    fault.times = -1;
    const int64_t id = stack_.stack().sandbox().faults().Add(fault);
    EXPECT_EQ(DetailsOf(Refund(of, key).status).Meta("outcome"), "unknown");
    EXPECT_TRUE(stack_.stack().sandbox().faults().Remove(id));
  }

  void ExpectGuarded(const std::string& of) {
    for (const std::string key : {"another", ""}) {
      const Answer refused = Refund(of, key);
      EXPECT_EQ(DetailsOf(refused.status).info.reason(), "UNRESOLVED_WRITE")
          << refused.status.error_message();
      EXPECT_EQ(DetailsOf(refused.status).Meta("outcome"), "not_sent");
    }
  }

  const TempDir directory_;
  ProviderStack stack_{Options(directory_.Path("ledger/ledger.db"))};
};

TEST_F(RefundGuardsTest, ARefundOfAnInvoiceKeepsOthersOut) {
  LoseRefund(kInvoice, "first");
  ExpectGuarded(kInvoice);
  EXPECT_TRUE(Refund(kOtherInvoice, "other").status.ok());
}

TEST_F(RefundGuardsTest, ARefundOfAPaymentIntentKeepsOthersOut) {
  LoseRefund(kIntent, "first");
  ExpectGuarded(kIntent);
  // The payment intent holds where both are named.
  ExpectGuarded(absl::StrCat(kIntent, ", ", kOtherInvoice));
  EXPECT_TRUE(Refund(kOtherIntent, "other").status.ok());
}

// A caller without a key expects no protection of its own, and others are protected from its write.
TEST_F(RefundGuardsTest, ARefundWithoutAKeyKeepsOthersOutToo) {
  LoseRefund(kInvoice, "");
  ExpectGuarded(kInvoice);
}

}  // namespace
}  // namespace gateway::end_to_end
