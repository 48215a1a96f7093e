// The calls that are measured: a checkout, one order, and a page of orders.
//
// Thread-safety: construct on one thread; immutable afterwards.
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

// CreateCheckoutSession with the given number of lines.
struct Checkout {
  explicit Checkout(size_t lines);

  const end_to_end::Rpc& rpc = Operation("Checkout_CreateCheckoutSession");
  std::string message;
  std::string json;  // JSON of the request's body
  std::string reply;
};

// CreateCheckoutSession as callers typically send it: two lines with one product each, return URLs,
// and the caller's own reference.
struct SmallCheckout {
  SmallCheckout();

  std::string message;
  std::string json;  // JSON of the request's body
};

// GetOrderById.
struct Order {
  Order();

  const end_to_end::Rpc& rpc = Operation("Orders_GetOrderById");
  std::string message;
  std::string reply;
};

// GetOrders, with a page of orders whose JSON is about kBytes long.
struct Orders {
  static constexpr size_t kBytes = 500'000;

  Orders();

  const end_to_end::Rpc& rpc = Operation("Orders_GetOrders");
  std::string request;
  http::Response response;
  std::string message;  // the response as a message
};

}  // namespace gateway::bench

#endif  // TESTS_BENCH_MESSAGES_H_
