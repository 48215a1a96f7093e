// Representative operations of each kind, for tests that do not run through all operations.
#ifndef TESTS_END_TO_END_SUPPORT_OPERATIONS_H_
#define TESTS_END_TO_END_SUPPORT_OPERATIONS_H_

#include <string>
#include <vector>

#include "tests/end_to_end/support/sample.h"

namespace gateway::end_to_end {

inline constexpr char kRead[] = "Orders_GetOrderById";
inline constexpr char kRefund[] = "Orders_RefundOrder";  // a write with a body
inline constexpr char kCheckout[] = "Checkout_CreateCheckoutSession";
inline constexpr char kDelete[] = "Coupons_DeleteCouponForStore";        // no body, empty reply
inline constexpr char kCreateToken[] = "Customers_CreateCustomerToken";  // a POST without a body

// One RPC with a full request, serialized and ready to be sent.
struct ReadyCall {
  const Rpc* rpc;
  Sample sample;
  std::string bytes;
};

inline ReadyCall Ready(const std::vector<Rpc>& rpcs, absl::string_view operation) {
  ReadyCall call{&Find(rpcs, operation), {}, {}};
  call.sample = MakeSample(*call.rpc, {});
  ProtoJson convert;
  call.bytes = ToRequest(*call.rpc, call.sample, convert)->SerializeAsString();
  return call;
}

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_OPERATIONS_H_
