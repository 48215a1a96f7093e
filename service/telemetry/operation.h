// The names of an RPC for spans and log lines, put together once, at start.
#ifndef SERVICE_TELEMETRY_OPERATION_H_
#define SERVICE_TELEMETRY_OPERATION_H_

#include <string>

#include "upstream/mapping/route.h"

namespace gateway {

struct Operation {
  std::string full_name;  // "paynow.management.v1.OrdersService.GetOrderById"
  std::string service;    // "paynow.management.v1.OrdersService"
  std::string method;     // "GetOrderById"
  // Whether the call changes anything, at an upstream or in the ledger.
  mapping::Access access = mapping::Access::kRead;
  // The request to the upstream; empty if the RPC makes none.
  std::string http_method;   // "GET"
  std::string url_template;  // "/v1/stores/{store_id}/orders/{order_id}"
};

Operation OperationOf(const mapping::Route& route);

// For a list that is served as a stream. The verb and the URL are those of the requests for its
// pages.
Operation OperationOf(const mapping::PagedList& list);

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_OPERATION_H_
