// EventService/StreamingPull on a wire that calls back before it returns, as gRPC may (see
// UnaryCall::InternalInlineable).
#include <grpcpp/server_context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "gateway/events/v1/requests.pb.h"
#include "service/authorization/settings.h"
#include "service/call/byte_buffer.h"
#include "service/call/events/event_service.h"
#include "service/generation/open_events.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr auto kPatience = std::chrono::seconds(20);

enum class Within { kRead, kWrite };

// Stands for gRPC. After the first message it calls `disturb` once, within Read or within Write.
class DisturbingWire final : public grpc::ServerCallbackUnary, public UnaryCall::Wire {
 public:
  DisturbingWire(Within within, std::function<void()> disturb)
      : within_(within), disturb_(std::move(disturb)) {}

  void Bind(UnaryCall& call) {
    call.SetWire(*this);
    BindReactor(&call);
  }
  void FirstMessageArrives() { armed_ = true; }
  std::future<void> finished() { return finished_.get_future(); }

  void Read() override { Operate(Within::kRead); }
  void Write(grpc::ByteBuffer /*message*/) override { Operate(Within::kWrite); }
  void Finish(grpc::Status /*status*/) override { finished_.set_value(); }
  void SendInitialMetadata() override {}

 private:
  void Operate(Within operation) {
    if (operation == within_ && std::exchange(armed_, false)) disturb_();
  }
  void CallOnDone() override {}
  grpc::internal::ServerReactor* reactor() override { return nullptr; }

  const Within within_;
  const std::function<void()> disturb_;
  bool armed_ = false;
  std::promise<void> finished_;
};

// What a StreamingPull needs around it. The parts live as long as the thread that uses them, which
// may wait for ever.
struct Parts {
  struct NoRenewal final : KeyRenewal {
    void Renew(const Upstream&, std::shared_ptr<const Credentials>, Done) override {}
  };

  explicit Parts(const Config& config)
      : protos(*Protos::Compile(config, mapping::EmbeddedFiles())),
        in_force(*Load(config, protos, /*before=*/nullptr)),
        authorizer(authorization::MethodsOf(*protos.routes)),
        telemetry(*Telemetry::Create(config)),
        log(*OpenEvents(config.events)),
        reader(*webhooks::EventReader::Create(protos.schemes)),
        current(*webhooks::CurrentReads::Compile(protos.schemes, *protos.routes)),
        surroundings{in_force,
                     renewal,
                     authorizer,
                     in_flight,
                     arrivals,
                     drift,
                     *telemetry,
                     nullptr,
                     nullptr,
                     nullptr,
                     {.metadata_bytes = 8192, .request_bytes = 1 << 20}},
        event_surroundings{*log, *reader, current, pulls} {
    const auto operations = EventOperations();
    const auto streaming =
        std::find_if(operations.begin(), operations.end(), [](const EventOperation& operation) {
          return operation.operation.method == "StreamingPull";
        });
    method.operation = streaming->operation;
    method.path = streaming->path;
    method.number = *authorizer.Find(method.path.substr(1));
  }

  Protos protos;
  NoRenewal renewal;
  Slot<Generation> in_force;
  Method method;
  InFlight in_flight;
  InFlight pulls;
  Arrivals arrivals{Arrivals::Options()};
  DriftLog drift;
  authorization::Authorizer authorizer;
  std::unique_ptr<Telemetry> telemetry;
  std::unique_ptr<EventsInUse> log;
  std::unique_ptr<const webhooks::EventReader> reader;
  webhooks::CurrentReads current;
  Surroundings surroundings;
  EventSurroundings event_surroundings;
  grpc::CallbackServerContext context;
  grpc::ByteBuffer reply;
  UnaryCall* call = nullptr;
  std::optional<DisturbingWire> wire;
};

// Opens a stream, which is disturbed, and ends it as gRPC would after OnCancel.
void RunStream(Parts& parts, Within within, std::function<void()> disturb) {
  parts.call = EventEndpoint(parts.surroundings, parts.method, parts.event_surroundings)
                   .serve(parts.context, parts.reply);
  DisturbingWire& wire = parts.wire.emplace(within, std::move(disturb));
  std::future<void> finished = wire.finished();
  wire.Bind(*parts.call);
  parts.call->Begin();
  wire.FirstMessageArrives();
  events::v1::StreamingPullRequest first;
  first.set_subscription("all");
  first.set_add_events(1);
  const grpc::ByteBuffer message = ToBuffer(first.SerializeAsString());
  parts.call->OnMessage(&message);
  parts.call->OnWritten(false);
  parts.call->OnMessage(nullptr);
  finished.wait();
  parts.call->OnDone();
}

class InlineCallbacksTest : public testing::TestWithParam<std::tuple<Within, bool>> {
 protected:
  Config MakeConfig() {
    const json config = {{"listen", "127.0.0.1:0"},
                         {"upstreams",
                          {{"paynow",
                            {{"base_url", "http://127.0.0.1:1"},
                             {"api_key", {{"file", directory_.Write("key", "k")}}}}}}},
                         {"events",
                          {{"file", directory_.Path("events/events.db")},
                           {"subscriptions", {{"all", json::object()}}}}}};
    auto parsed = ParseConfig("gateway.json", config.dump());
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return *std::move(parsed);
  }

  const TempDir directory_;
};

// A cancelled call, and a drain, both lock the stream.
TEST_P(InlineCallbacksTest, AStreamHoldsNoLockWhileItReadsAndWrites) {
  const auto [within, drains] = GetParam();
  const auto parts = std::make_shared<Parts>(MakeConfig());
  std::promise<void> done;
  std::future<void> is_done = done.get_future();
  std::thread thread([parts, within = within, drains = drains, done = std::move(done)]() mutable {
    RunStream(*parts, within, [&parts = *parts, drains] {
      if (drains) {
        parts.in_flight.AbortAll();
        parts.pulls.AbortAll();
      } else {
        parts.call->OnCancel();
      }
    });
    done.set_value();
  });
  const bool in_time = is_done.wait_for(kPatience) == std::future_status::ready;
  EXPECT_TRUE(in_time) << "the stream waits for its own lock";
  in_time ? thread.join() : thread.detach();
}

INSTANTIATE_TEST_SUITE_P(Operations, InlineCallbacksTest,
                         testing::Combine(testing::Values(Within::kRead, Within::kWrite),
                                          testing::Bool()));

}  // namespace
}  // namespace gateway
