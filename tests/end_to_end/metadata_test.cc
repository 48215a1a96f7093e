// Calls with metadata values that cannot be used: empty, repeated, blank, too long.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/support/provider_stack.h"

namespace gateway::end_to_end {
namespace {

constexpr char kKopi[] = R"({"body": {"line_items": [{"price_data": {"currency": "sgd",
    "product_data": {"name": "Kopi"}, "unit_amount": "250"}, "quantity": "2"}],
    "return_url": "https://x.test/r", "success_url": "https://x.test/s"}})";

std::vector<Metadata> BadKeys(const std::string& name) {
  return {{{name, ""}},
          {{name, " "}},
          {{name, "a b"}},
          {{name, "one"}, {name, "two"}},
          {{name, "same"}, {name, "same"}},
          {{name, std::string(5000, 'k')}}};
}

void ExpectRefused(ProviderStack& stack, const std::string& method, const std::string& request,
                   const Metadata& metadata) {
  const Answer answer = stack.Call(method, request, metadata);
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << metadata[0].second << " " << answer.status.error_message();
  EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "not_sent");
  EXPECT_EQ(stack.recorder().count(), 0u);
}

TEST(IdempotencyKeyMetadata, ThatIsNoKeyIsRefusedBeforeAnythingIsSent) {
  ProviderStack qashier("qashier");
  for (const Metadata& metadata : BadKeys("idempotency-key")) {
    ExpectRefused(qashier, "CheckoutSessionsService/CreateCheckoutSession", kKopi, metadata);
  }
}

// If the upstream does not support idempotency keys, the gateway refuses an unusable key too.
TEST(IdempotencyKeyMetadata, ThatIsEmptyIsAKeyWhereNoneHasEffect) {
  ProviderStack paynow("paynow");
  for (const Metadata& metadata : BadKeys("idempotency-key")) {
    ExpectRefused(paynow, "OrdersService/RefundOrder",
                  R"({"order_id": "411486491630370850", "body": {}})", metadata);
  }
}

// An unusable trace or request ID does not fail the call: the gateway makes a new one.
TEST(TraceMetadata, ThatIsUnusableIsReplaced) {
  ProviderStack qashier("qashier");
  for (const char* const name : {"traceparent", "x-request-id"}) {
    for (const Metadata& metadata : BadKeys(name)) {
      const Answer answer =
          qashier.Call("CheckoutSessionsService/CreateCheckoutSession", kKopi, metadata);
      EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
      ASSERT_EQ(answer.trailers.count("x-request-id"), 1u);
      const std::string id = answer.trailers.find("x-request-id")->second;
      EXPECT_EQ(id.size(), 32u);
      for (const auto& given : metadata) EXPECT_NE(id, given.second);
    }
  }
}

}  // namespace
}  // namespace gateway::end_to_end
