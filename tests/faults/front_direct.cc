// The Front without gRPC: routes, the current generation with its reloader, and the statistics that
// a Gateway keeps.
#include <cstdlib>
#include <future>
#include <iostream>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/call/in_flight.h"
#include "service/call/status.h"
#include "service/generation/generation.h"
#include "service/generation/reloader.h"
#include "service/generation/slot.h"
#include "service/metrics/metrics.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/drift_log.h"
#include "service/telemetry/telemetry.h"
#include "tests/faults/front.h"
#include "upstream/client.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::faults {
namespace {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << "\n";
  std::abort();
}

using Result = std::promise<end_to_end::Answer>;

class DirectPending : public Front::Pending {
 public:
  DirectPending(Client::Handle handle, std::future<end_to_end::Answer> answer)
      : handle_(std::move(handle)), answer_(std::move(answer)) {}
  ~DirectPending() override { handle_.Cancel(); }

  void Cancel() override { handle_.Cancel(); }

  end_to_end::Answer Await() override {
    if (answer_.wait_for(std::chrono::minutes(1)) == std::future_status::ready) {
      return answer_.get();
    }
    std::cerr << "a call did not end\n";
    std::abort();
  }

 private:
  Client::Handle handle_;
  std::future<end_to_end::Answer> answer_;
};

class DirectFront : public Front {
 public:
  explicit DirectFront(const Config& config)
      : protos_(Must(Protos::Compile(config, mapping::EmbeddedFiles()))),
        in_force_(Must(Load(config, protos_, /*before=*/nullptr))),
        telemetry_(Must(Telemetry::Create(config))),
        reloader_(in_force_, Reloader::Fingerprint(config), protos_, [](const Generation&) {}),
        metrics_(MakeSources()) {}

  std::unique_ptr<Pending> Start(const std::string& rpc, const std::string& request,
                                 absl::Time deadline) override {
    const mapping::Route& route = *by_path_.at(rpc);
    auto result = std::make_shared<Result>();
    std::future<end_to_end::Answer> answer = result->get_future();
    const std::shared_ptr<const Generation> generation = in_force_.Get();
    const UpstreamAccess& upstream = generation->upstreams.front();
    const SteadyTime began = SteadyTime::Now();
    const absl::Duration left = deadline == absl::InfiniteFuture()
                                    ? generation->config.default_deadline
                                    : deadline - absl::Now();
    Client::Handle handle = upstream.client->Call(
        route, request,
        {.deadline = began + left, .credentials = upstream.credentials, .renewal = &reloader_},
        [this, generation, &route, began, result](Answer done) {
          result->set_value(Translate(route, std::move(done),
                                      generation->upstreams.front().client->host(),
                                      SteadyTime::Now() - began));
        });
    return std::make_unique<DirectPending>(std::move(handle), std::move(answer));
  }

  std::string MetricsText() const override { return metrics_.Text(); }

 private:
  gateway::Metrics::Sources MakeSources() {
    gateway::Metrics::Sources sources;
    sources.in_force = &in_force_;
    sources.drift = &drift_;
    sources.in_flight = &in_flight_;
    sources.reloader = &reloader_;
    sources.telemetry = telemetry_.get();
    for (const mapping::Route& route : protos_.routes->routes()) {
      by_path_[route.rpc_path] = &route;
      sources.rpcs.push_back({route.service, route.full_name.substr(route.service.size() + 1),
                              route.access, &stats_[route.rpc_path]});
    }
    return sources;
  }

  // Converts the answer to what gRPC's client would return.
  end_to_end::Answer Translate(const mapping::Route& route, Answer done, const std::string& host,
                               absl::Duration took) {
    end_to_end::Answer answer;
    answer.trailers.emplace("gateway-attempts", absl::StrCat(done.attempts));
    CallStats& stats = stats_.at(route.rpc_path);
    if (const auto* failure = std::get_if<mapping::Failure>(&done.result)) {
      answer.status = ToStatus(*failure, route.full_name, host);
      stats.Count(failure->code, CallStats::EndOf(failure->outcome), took);
      return answer;
    }
    auto& reply = std::get<mapping::Reply>(done.result);
    drift_.Record(reply.drift);
    answer.message = std::move(reply.message);
    stats.Count(absl::StatusCode::kOk, CallStats::End::kOk, took);
    return answer;
  }

  const Protos protos_;
  std::map<std::string, const mapping::Route*> by_path_;
  std::map<std::string, CallStats> stats_;  // the map's keys are constant after construction
  DriftLog drift_;
  InFlight in_flight_;
  Slot<Generation> in_force_;
  const std::unique_ptr<Telemetry> telemetry_;
  Reloader reloader_;
  const gateway::Metrics metrics_;
};

}  // namespace

std::unique_ptr<Front> Front::Start(const Config& config) {
  return std::make_unique<DirectFront>(config);
}

bool Front::IsThroughGrpc() { return false; }

}  // namespace gateway::faults
