// What spans and log lines say of an RPC, put together once, at start.
#ifndef SERVICE_TELEMETRY_OPERATION_H_
#define SERVICE_TELEMETRY_OPERATION_H_

#include <string>

#include "upstream/mapping/route.h"

namespace gateway {

struct Operation {
  std::string full_name;  // "paynow.management.v1.OrdersService.GetOrderById"
  std::string service;    // "paynow.management.v1.OrdersService"
  std::string method;     // "GetOrderById"
  // It changes nothing at an upstream.
  bool read = true;
  // Of the request upstream; empty where none is made.
  std::string http_method;   // "GET"
  std::string url_template;  // "/v1/stores/{store_id}/orders/{order_id}"
};

Operation OperationOf(const mapping::Route& route);

}  // namespace gateway

#endif  // SERVICE_TELEMETRY_OPERATION_H_
