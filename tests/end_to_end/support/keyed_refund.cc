#include "tests/end_to_end/support/keyed_refund.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/messages.h"

namespace gateway::end_to_end {
namespace {

// An order of the sandbox's seed that has no refund.
constexpr char kOrder[] = "411486491630370850";

StackOptions OptionsWith(const std::string& ledger_file, bool refuse_repeated_writes) {
  StackOptions options;
  options.ledger_file = ledger_file;
  options.refuse_repeated_writes = refuse_repeated_writes;
  return options;
}

}  // namespace

KeyedRefund::KeyedRefund(bool refuse_repeated_writes)
    : paynow_(OptionsWith(directory_.Path("ledger/ledger.db"), refuse_repeated_writes)) {}

Answer KeyedRefund::Call(Caller& caller) const {
  const std::string request =
      Bytes("RefundOrderRequest", absl::StrCat("order_id: '", kOrder, "' body {}"));
  return caller.CallWith(Method("OrdersService", "RefundOrder"), request,
                         {{"idempotency-key", "refund-1"}});
}

void KeyedRefund::CutOnArrival(CuttingRelay& relay) {
  paynow_.recorder().WhenReceived(
      [&relay, is_first = true](const sandbox::Received& received) mutable {
        // GET requests are reads by the ledger, which come before the refund.
        if (received.method != "GET" && std::exchange(is_first, false)) relay.Cut();
      });
}

void KeyedRefund::ExpectTheOne(const Answer& answer, bool replayed) {
  paynow_.recorder().WhenReceived(nullptr);
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.trailers.count("gateway-replayed"), replayed ? 1u : 0u);
  const std::vector<Arrival> arrivals = paynow_.recorder().Take();
  EXPECT_EQ(std::count_if(arrivals.begin(), arrivals.end(),
                          [](const Arrival& arrival) { return arrival.method == "POST"; }),
            1);
  const Json payments = paynow_.Reply("PaymentsService/GetPayments",
                                      absl::StrCat(R"({"order_id": ")", kOrder, R"("})"));
  const Json& refunds = payments.at("items").at(0).at("refunds");
  ASSERT_EQ(refunds.size(), 1u);
  EXPECT_EQ(refunds[0], paynow_.ReplyOf("OrdersService/RefundOrder", answer));
}

}  // namespace gateway::end_to_end
