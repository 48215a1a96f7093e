#include "service/port/raw_service.h"

#include <memory>
#include <utility>

#include "service/call/unary_handler.h"

namespace gateway {

RawService::RawService(std::string name, std::vector<Endpoint> endpoints)
    : name_(std::move(name)), endpoints_(std::move(endpoints)) {
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    const Endpoint& endpoint = endpoints_[i];
    // gRPC keeps the pointer to the path; the method, and so its path, outlives the server.
    const auto kind = endpoint.replies == Replies::kMany ? kStreamMethod : kUnaryMethod;
    AddMethod(new grpc::internal::RpcServiceMethod(endpoint.method->path.c_str(), kind, nullptr));
    MarkMethodRawCallback(static_cast<int>(i), new UnaryHandler(endpoint.serve, endpoint.replies));
  }
}

std::vector<std::unique_ptr<RawService>> MakeServices(const std::vector<Endpoint>& endpoints) {
  std::vector<std::unique_ptr<RawService>> services;
  for (auto begin = endpoints.begin(); begin != endpoints.end();) {
    const std::string& name = begin->method->operation.service;
    auto end = begin;
    while (end != endpoints.end() && end->method->operation.service == name) ++end;
    services.push_back(std::make_unique<RawService>(name, std::vector<Endpoint>(begin, end)));
    begin = end;
  }
  return services;
}

}  // namespace gateway
