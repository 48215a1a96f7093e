#include "service/call/upstream_call.h"

#include <memory>
#include <mutex>
#include <utility>
#include <variant>

#include "service/call/call_metadata.h"
#include "service/call/served_call.h"

namespace gateway {
namespace {

using mapping::Failure;

class UpstreamCall final : public ServedCall {
 public:
  UpstreamCall(const Surroundings& surroundings, Method& method, const mapping::Route& route,
               std::shared_ptr<const Backend> backend, grpc::CallbackServerContext& context,
               grpc::ByteBuffer& reply)
      : ServedCall(surroundings, method, context, reply),
        route_(route),
        backend_(std::move(backend)) {}

 private:
  void Serve(absl::string_view message) override {
    CallTerms terms = TermsOf(context(), backend_->default_deadline);
    terms.caller = frame().caller().Key();
    terms.observer = &frame().trace();
    auto prepared = backend_->client->Prepare(route_, message, terms);
    if (auto* failure = std::get_if<Failure>(&prepared)) return Conclude({std::move(*failure)});
    auto& call = std::get<PreparedCall>(prepared);
    if (auto refusal = frame().CheckStore(call.store())) {
      return Conclude({*std::move(refusal), 0, call.store()});
    }
    Send(std::move(call), terms);
  }

  void Send(PreparedCall call, const CallTerms& terms) {
    Client::Handle handle = backend_->client->Send(
        std::move(call), terms, [this](Answer answer) { Conclude(std::move(answer)); });
    const std::lock_guard lock(mutex_);
    handle_ = std::move(handle);
    if (stopped_) handle_.Cancel();  // Stop may have come before the handle
  }

  void Stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    handle_.Cancel();
  }

  absl::string_view upstream_host() const override { return backend_->client->host(); }

  const mapping::Route& route_;
  const std::shared_ptr<const Backend> backend_;
  std::mutex mutex_;
  bool stopped_ = false;   // guarded by mutex_
  Client::Handle handle_;  // guarded by mutex_
};

}  // namespace

Endpoint UpstreamEndpoint(const Surroundings& surroundings, Method& method,
                          const mapping::Route& route, const BackendSlot& backend) {
  return {&method, route.provider->name(),
          [&](grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
            return new UpstreamCall(surroundings, method, route, backend.Get(), context, reply);
          }};
}

}  // namespace gateway
