// The calls that are measured: a checkout, one order, a page of orders.
//
// Thread-safety: one thread. Made once, they are immutable.
#ifndef TESTS_BENCH_MESSAGES_H_
#define TESTS_BENCH_MESSAGES_H_

#include <cstddef>
#include <string>

#include "tests/end_to_end/support/rpc.h"
#include "upstream/http/message.h"
#include "upstream/mapping/route.h"

namespace gateway::bench {

const end_to_end::Rpc& Operation(const std::string& name);
const mapping::Route& RouteOf(const end_to_end::Rpc& rpc);

// CreateCheckoutSession with so many lines.
struct Checkout {
  explicit Checkout(size_t lines);

  const end_to_end::Rpc& rpc = Operation("Checkout_CreateCheckoutSession");
  std::string message;
  std::string json;  // of its body
  std::string reply;
};

// The same as callers make it: two lines of a product each, where to go back to, the caller's own
// reference.
struct SmallCheckout {
  SmallCheckout();

  std::string message;
  std::string json;  // of its body
};

// GetOrderById.
struct Order {
  Order();

  const end_to_end::Rpc& rpc = Operation("Orders_GetOrderById");
  std::string message;
  std::string reply;
};

// GetOrders, and a page of so many of them that their JSON is half a megabyte.
struct Orders {
  static constexpr size_t kBytes = 500'000;

  Orders();

  const end_to_end::Rpc& rpc = Operation("Orders_GetOrders");
  std::string request;
  http::Response response;
  std::string message;  // the response, read
};

}  // namespace gateway::bench

#endif  // TESTS_BENCH_MESSAGES_H_
