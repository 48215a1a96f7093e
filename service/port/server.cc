#include "service/port/server.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "service/call/call_metadata.h"
#include "service/log/log.h"
#include "service/port/guard/resident_memory.h"
#include "service/port/port_credentials.h"
#include "service/port/probes.h"
#include "upstream/start_thread.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

// Time for the answers of aborted calls to reach their callers.
constexpr absl::Duration kTimeToAbort = absl::Seconds(1);

// RLIMIT_NOFILE may be RLIM_INFINITY, so it is cut to this number.
constexpr rlim_t kManyDescriptors = rlim_t{1} << 30;

// Both are process-wide settings. They must be set before the first server is built.
void InitPlugins() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(false);  // see health_service.h
    grpc::channelz::experimental::InitChannelzService();
  });
}

// gRPC 1.51 decompresses a whole message before it checks the size. So gRPC must pass the message
// on compressed, and the call refuses it (see call_metadata.h). If gzip and deflate were disabled
// instead, gRPC would refuse the message without an ErrorInfo.
void UnpackNothing(grpc::ServerBuilder& builder) {
  builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
}

void SetLimits(const ServerConfig& limits, grpc::ServerBuilder& builder) {
  UnpackNothing(builder);
  const auto set = [&](const char* name, int64_t value) {
    builder.AddChannelArgument(
        name, static_cast<int>(std::min<int64_t>(value, std::numeric_limits<int>::max())));
  };
  const auto set_time = [&](const char* name, absl::Duration value) {
    set(name, absl::ToInt64Milliseconds(value));
  };
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams);
  set(GRPC_ARG_MAX_METADATA_SIZE, limits.max_metadata_bytes);
  // BDP probes would raise the window of every call to what the network can carry. A message that
  // is being read gets the window that it needs anyway; all other bytes must wait at their sender.
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // gRPC varies the age by a tenth. If the grace ended, gRPC would end the calls with UNAVAILABLE,
  // no matter what happened upstream. So the grace never ends.
  set_time(GRPC_ARG_MAX_CONNECTION_AGE_MS, limits.max_connection_age);
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, std::numeric_limits<int>::max());
  set_time(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, limits.handshake_timeout);
  set_time(GRPC_ARG_KEEPALIVE_TIME_MS, limits.keepalive_time);
  set_time(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, limits.min_ping_interval);
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  grpc::ResourceQuota quota("port");
  quota.Resize(static_cast<size_t>(limits.max_memory_bytes == 0 ? MemoryOfTheProcess() / 2
                                                                : limits.max_memory_bytes));
  builder.SetResourceQuota(quota);
}

// At most half of RLIMIT_NOFILE: the other half is for upstream connections, and for connections
// that arrive before the guard's next look. Connections that are not accepted yet wait in the
// port's queue (net.core.somaxconn).
int64_t MaxConnections(const ServerConfig& limits) {
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return limits.max_connections;
  const auto room =
      static_cast<int64_t>(std::min<rlim_t>(descriptors.rlim_cur, kManyDescriptors) / 2);
  if (limits.max_connections <= room) return limits.max_connections;
  Log(Severity::kWarning, "there are not enough descriptors for server.max_connections",
      {{"connections", room}});
  return room;
}

// The names of all services that the port serves.
std::vector<std::string> NamesOf(const std::vector<std::unique_ptr<RawService>>& services) {
  std::vector<std::string> names = {HealthService::kName, ReflectionService::kV1,
                                    ReflectionService::kV1Alpha, "grpc.channelz.v1.Channelz"};
  for (const auto& service : services) names.push_back(service->name());
  std::sort(names.begin(), names.end());
  return names;
}

// Removes channelz from one server: its plugin is otherwise added to every server.
class WithoutPlugins final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

}  // namespace

Server::Server(const std::vector<Endpoint>& endpoints, const Surroundings& surroundings)
    : services_(MakeServices(endpoints)),
      surroundings_(surroundings),
      health_(surroundings.arrivals),
      health_alone_(surroundings.arrivals),
      reflection_(NamesOf(services_)),
      unknown_method_(surroundings),
      unknown_health_method_(surroundings) {
  names_of_upstreams_[""].insert("");
  for (const Endpoint& endpoint : endpoints) {
    names_of_upstreams_[endpoint.upstream].insert(
        {endpoint.upstream, endpoint.method->operation.service});
  }
}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const Options& options,
                                                       const std::vector<Endpoint>& endpoints,
                                                       const Surroundings& surroundings) {
  InitPlugins();
  std::unique_ptr<Server> server(new Server(endpoints, surroundings));
  grpc::ServerBuilder builder;
  const PortChecks checks = {options.authorizer, options.in_force,
                             static_cast<size_t>(options.settings.max_metadata_bytes)};
  server->credentials_ =
      options.settings.tls.enabled()
          ? TlsPort(*options.in_force, options.settings.tls.require_client_certificate, checks)
          : PlaintextPort(checks);
  builder.AddListeningPort(options.listen, server->credentials_, &server->port_);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_request_bytes) * kRoomToRefuse);
  SetLimits(options.settings, builder);
  // A second process on the same port would quietly take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  for (const auto& service : server->services_) builder.RegisterService(service.get());
  builder.RegisterService(&server->health_);
  builder.RegisterService(&server->reflection_);
  builder.RegisterCallbackGenericService(&server->unknown_method_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return absl::UnavailableError(absl::StrCat("listen: cannot listen on ", options.listen));
  }
  if (!options.settings.health_listen.empty()) {
    if (absl::Status status = server->ListenForHealth(options); !status.ok()) return status;
  }
  if (absl::Status status = server->ListenForProbes(options); !status.ok()) return status;
  server->lingering_ =
      std::make_unique<LingeringClose>(std::set<int>{server->port_, server->health_port_});
  server->connection_guard_ = std::make_unique<ConnectionGuard>(ConnectionGuard::Options{
      .ports = {{server->port_, static_cast<size_t>(MaxConnections(options.settings))},
                {server->health_port_,
                 static_cast<size_t>(options.settings.max_health_connections)}},
      .max_resets_per_second = options.settings.max_resets_per_second,
      .max_streams = options.settings.max_concurrent_streams,
      .bytes = {.max_request_bytes = options.max_request_bytes,
                .most_of_all = options.settings.max_unfinished_bytes * 5 / 4,
                .arrivals = &surroundings.arrivals},
      .arrivals = &surroundings.arrivals});
  server->SetServing(true);
  return server;
}

absl::Status Server::ListenForHealth(const Options& options) {
  grpc::ServerBuilder builder;
  builder.SetOption(std::make_unique<WithoutPlugins>());
  builder.AddListeningPort(options.settings.health_listen, PlaintextPort({}), &health_port_);
  builder.SetMaxReceiveMessageSize(static_cast<int>(HealthService::kMostBytes));
  SetLimits(options.settings, builder);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&health_alone_);
  builder.RegisterCallbackGenericService(&unknown_health_method_);
  health_server_ = builder.BuildAndStart();
  if (health_server_ != nullptr && health_port_ != 0) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("server.health_listen: cannot listen on ", options.settings.health_listen));
}

absl::Status Server::ListenForProbes(const Options& options) {
  if (options.settings.probe_listen.empty()) return absl::OkStatus();
  auto probes = PlainHttp::Create(options.settings.probe_listen, [this](absl::string_view path) {
    return AnswerProbe(path, health_);
  });
  if (!probes.ok()) {
    return absl::UnavailableError(absl::StrCat("server.probe_listen: ", probes.status().message()));
  }
  probes_ = *std::move(probes);
  return absl::OkStatus();
}

Server::~Server() { Drain(absl::ZeroDuration()); }

void Server::ReportNotServing() { SetServing(false); }

void Server::Drain(absl::Duration grace) {
  if (server_ == nullptr) return;
  // We abort our own calls ourselves, so that callers learn the outcome (see in_flight.h). gRPC's
  // deadline only ends health and reflection streams.
  const SteadyTime end = SteadyTime::Now() + grace + kTimeToAbort;
  const auto deadline = absl::ToChronoTime(absl::Now() + grace + kTimeToAbort);
  std::packaged_task<void()> shutdown([this, deadline] { server_->Shutdown(deadline); });
  const std::future<void> over = shutdown.get_future();
  absl::StatusOr<std::thread> thread = StartThread([&shutdown] { shutdown(); });
  // Shutdown blocks. If the system refuses it a thread, nobody can wait meanwhile, so the calls are
  // aborted at once and Shutdown runs here: a call without its grace still gets its answer.
  if (!thread.ok() ||
      over.wait_for(absl::ToChronoNanoseconds(grace)) == std::future_status::timeout) {
    surroundings_.arrivals.GiveUpAll();
    surroundings_.in_flight.AbortAll();
  }
  if (thread.ok()) {
    thread->join();
  } else {
    shutdown();
  }
  connection_guard_ = nullptr;
  server_->Wait();
  server_ = nullptr;
  if (health_server_ != nullptr) {
    health_server_->Shutdown(absl::ToChronoTime(absl::Now()));
    health_server_->Wait();
    health_server_ = nullptr;
  }
  if (lingering_ != nullptr) lingering_->AwaitSent(end);
}

void Server::SetServing(bool serving) {
  for (const auto& [upstream, names] : names_of_upstreams_) SetUpstreamServing(upstream, serving);
}

void Server::SetUpstreamServing(const std::string& upstream, bool serving) {
  for (const std::string& name : names_of_upstreams_.at(upstream)) SetHealth(name, serving);
}

void Server::SetHealth(const std::string& name, bool serving) {
  health_.Set(name, serving);
  health_alone_.Set(name, serving);
}

}  // namespace gateway
