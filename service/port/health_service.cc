#include "service/port/health_service.h"

#include <grpcpp/impl/codegen/rpc_service_method.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <functional>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "service/call/byte_buffer.h"
#include "service/call/unary_handler.h"
#include "upstream/mapping/wire.h"

namespace gateway {
namespace {

constexpr char kCheckPath[] = "/grpc.health.v1.Health/Check";
constexpr char kWatchPath[] = "/grpc.health.v1.Health/Watch";

// grpc.health.v1.HealthCheckResponse.ServingStatus
enum ServingStatus : char { kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

// HealthCheckResponse{status}
grpc::ByteBuffer ReplyOf(ServingStatus status) { return ToBuffer(std::string{'\x08', status}); }

// Returns the service of a HealthCheckRequest, or nullopt if the bytes are not one.
std::optional<std::string> NameIn(const grpc::ByteBuffer& message) {
  if (message.Length() > HealthService::kMostBytes) return std::nullopt;
  const ContiguousBytes piece(message);
  mapping::WireReader reader(piece.bytes());
  std::string name;
  uint32_t number = 0;
  mapping::WireValue value;
  while (!reader.done()) {
    if (!reader.ReadField(number, value)) return std::nullopt;
    if (number == 1 && value.type == mapping::WireType::kBytes) name = std::string(value.bytes);
  }
  return name;
}

grpc::Status NoRequest() {
  return {grpc::StatusCode::INVALID_ARGUMENT, "billing-gateway: no HealthCheckRequest"};
}
grpc::Status TooMany(const char* what) {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, std::string("billing-gateway: too many ") + what};
}
grpc::Status TooSlow() {
  return {grpc::StatusCode::UNAVAILABLE,
          "billing-gateway: the call's message was not there in time"};
}

// "ipv4:10.0.0.7:52110" -> "ipv4:10.0.0.7"
std::string AddressOf(const grpc::CallbackServerContext& context) {
  std::string peer = context.peer();
  const size_t colon = peer.rfind(':');
  if (colon != std::string::npos) peer.resize(colon);
  return peer;
}

}  // namespace

class HealthService::CheckCall final : public UnaryCall, public Arrivals::Member {
 public:
  CheckCall(HealthService& service, const grpc::CallbackServerContext& context,
            grpc::ByteBuffer& reply)
      : service_(service), context_(context), reply_(reply) {}

  void Begin() override {
    if (!service_.arrivals_.Enter(*this, absl::HashOf(AddressOf(context_)))) {
      return Finish(TooMany("calls wait for their messages"));
    }
    ReadMessage();
  }

  void OnMessage(const grpc::ByteBuffer* message) override {
    if (!service_.arrivals_.Leave(*this)) return;
    const std::optional<std::string> name = message == nullptr ? std::nullopt : NameIn(*message);
    if (!name) return Finish(NoRequest());
    const std::optional<bool> serving = service_.Get(*name);
    if (!serving) return Finish({grpc::StatusCode::NOT_FOUND, "billing-gateway: unknown service"});
    reply_ = ReplyOf(*serving ? kServing : kNotServing);
    Finish(grpc::Status::OK);
  }

  void GiveUp() override { Finish(TooSlow()); }

  void OnDone() override { delete this; }

 private:
  HealthService& service_;
  const grpc::CallbackServerContext& context_;
  grpc::ByteBuffer& reply_;
};

class HealthService::Watch final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public Arrivals::Member {
 public:
  Watch(HealthService& service, const grpc::CallbackServerContext& context)
      : service_(service), address_(AddressOf(context)) {
    added_ = service_.Add(*this, address_);
    if (!added_) {
      End(TooMany("watches"));
    } else if (!service_.arrivals_.Enter(*this, absl::HashOf(address_))) {
      End(TooMany("calls wait for their messages"));
    } else {
      StartRead(&request_);
    }
  }

  // Returns whether the status has to be written now: then the caller must call Write, without a
  // lock. Until then the watch lives.
  [[nodiscard]] bool Tell(ServingStatus status) {
    const MutexLock lock(mutex_);
    wanted_ = status;
    return TakeReply();
  }

  // gRPC may end other calls within StartWrite, so no lock is held.
  void Write() { StartWrite(&reply_); }

  void OnReadDone(bool fine) override {
    if (!service_.arrivals_.Leave(*this)) return;
    std::optional<std::string> name = fine ? NameIn(request_) : std::nullopt;
    if (!name) return End(NoRequest());
    request_.Clear();
    if (!Begins()) return End(grpc::Status::CANCELLED);
    service_.Begin(*this, *std::move(name));
  }

  void OnWriteDone(bool fine) override {
    std::optional<grpc::Status> end;
    {
      const MutexLock lock(mutex_);
      writing_ = false;
      end = end_;
      if (!end && (!fine || !TakeReply())) return;
    }
    if (end) return Finish(*end);
    Write();
  }

  void GiveUp() override { End(TooSlow()); }

  // Before the watch has begun, the failed read ends the call.
  void OnCancel() override {
    {
      const MutexLock lock(mutex_);
      cancelled_ = true;
      if (!begun_) return;
    }
    End(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    if (added_) service_.Remove(*this, address_);
    delete this;
  }

 private:
  friend class HealthService;

  bool Begins() {
    const MutexLock lock(mutex_);
    begun_ = true;
    return !cancelled_;
  }

  // Returns true, and puts the status into reply_, if the status has changed and no message is
  // being written.
  bool TakeReply() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || end_ || wanted_ == told_) return false;
    writing_ = true;
    told_ = wanted_;
    reply_ = ReplyOf(*told_);
    return true;
  }

  // Only the first ending counts. It waits for the message that is being written: the thread that
  // writes needs the watch to live.
  void End(const grpc::Status& status) {
    {
      const MutexLock lock(mutex_);
      if (end_) return;
      end_ = status;
      if (writing_) return;
    }
    Finish(status);
  }

  HealthService& service_;
  const std::string address_;
  bool added_ = false;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  Mutex mutex_;
  std::optional<ServingStatus> wanted_ ABSL_GUARDED_BY(mutex_);
  std::optional<ServingStatus> told_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
};

HealthService::HealthService(Arrivals& arrivals) : arrivals_(arrivals) {
  using WatchHandler = grpc::internal::CallbackBidiHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  AddMethod(new grpc::internal::RpcServiceMethod(kCheckPath, kUnaryMethod, nullptr));
  MarkMethodRawCallback(
      0, new UnaryHandler([this](grpc::CallbackServerContext& context, grpc::ByteBuffer& reply) {
        return new CheckCall(*this, context, reply);
      }));
  AddMethod(new grpc::internal::RpcServiceMethod(
      kWatchPath, grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
  MarkMethodRawCallback(1, new WatchHandler([this](grpc::CallbackServerContext* context) {
                          return new Watch(*this, *context);
                        }));
}

void HealthService::Set(const std::string& name, bool serving) {
  std::vector<Watch*> due;
  {
    const MutexLock lock(mutex_);
    serving_[name] = serving;
    for (const auto& [watch, watched] : watches_) {
      if (watched == name && watch->Tell(serving ? kServing : kNotServing)) due.push_back(watch);
    }
  }
  for (Watch* const watch : due) watch->Write();
}

std::optional<bool> HealthService::Get(absl::string_view name) const {
  const MutexLock lock(mutex_);
  const auto found = serving_.find(name);
  return found == serving_.end() ? std::nullopt : std::optional(found->second);
}

bool HealthService::Add(Watch& watch, const std::string& address) {
  const MutexLock lock(mutex_);
  size_t& of_address = of_addresses_[address];
  if (watches_.size() >= kMostWatches || of_address >= kMostWatches / 2) {
    if (of_address == 0) of_addresses_.erase(address);
    return false;
  }
  ++of_address;
  watches_.emplace(&watch, std::nullopt);
  return true;
}

void HealthService::Remove(Watch& watch, const std::string& address) {
  const MutexLock lock(mutex_);
  watches_.erase(&watch);
  const auto of_address = of_addresses_.find(address);
  if (--of_address->second == 0) of_addresses_.erase(of_address);
}

void HealthService::Begin(Watch& watch, std::string name) {
  bool due = false;
  {
    const MutexLock lock(mutex_);
    const auto found = serving_.find(name);
    watches_[&watch] = std::move(name);
    due = watch.Tell(found == serving_.end() ? kServiceUnknown
                     : found->second         ? kServing
                                             : kNotServing);
  }
  if (due) watch.Write();
}

}  // namespace gateway
