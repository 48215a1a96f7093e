#include "tests/load/load_generator.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace gateway::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kRead[] = "/paynow.management.v1.OrdersService/GetOrderById";
constexpr char kWrite[] = "/paynow.management.v1.OrdersService/RefundOrder";

grpc::ByteBuffer Bytes(const std::string& message) {
  const grpc::Slice slice(message);
  return {&slice, 1};
}

// The fields `order_id` = 2 and, for a write, an empty `body` = 3, in protobuf's wire format.
grpc::ByteBuffer Request(uint64_t marker, bool write) {
  const std::string id = absl::StrCat(marker);
  std::string bytes = absl::StrCat("\x12", std::string(1, static_cast<char>(id.size())), id);
  if (write) bytes += std::string("\x1a\x00", 2);
  return Bytes(bytes);
}

double Milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::shared_ptr<grpc::Channel> NewChannel(const std::string& target,
                                          const std::string& service_config) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetServiceConfigJSON(service_config);
  // A client behind a load balancer sets these too: a restart takes less than the default backoff
  // of one second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

// One call; it deletes itself when it ends.
struct LoadGenerator::Call {
  CallRecord record;
  Clock::time_point began;
  Clock::time_point deadline;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer reply;
};

LoadGenerator::LoadGenerator(Options options) : options_(std::move(options)) {
  for (const auto& channel : options_.channels) stubs_.emplace_back(channel);
}

LoadGenerator::~LoadGenerator() { Stop(); }

void LoadGenerator::Begin() {
  stopping_ = false;
  state_.With([](State& state) {
    state.report = {};
    state.report.began = absl::Now();
  });
}

void LoadGenerator::StartClosed(int calls_in_flight) {
  Begin();
  closed_loop_ = true;
  for (int i = 0; i < calls_in_flight; ++i) BeginCall();
}

void LoadGenerator::StartOpen(double calls_per_second) {
  Begin();
  closed_loop_ = false;
  pacer_ = std::thread([this, calls_per_second] { Pace(calls_per_second); });
}

void LoadGenerator::Pace(double calls_per_second) {
  const auto began = Clock::now();
  for (int64_t i = 0; !stopping_; ++i) {
    // Measured from the beginning, not from the last call, so that delays are made up.
    const std::chrono::duration<double> due(static_cast<double>(i) / calls_per_second);
    std::this_thread::sleep_until(began + std::chrono::duration_cast<Clock::duration>(due));
    if (in_flight() < options_.most_in_flight) BeginCall();
  }
}

LoadReport LoadGenerator::Stop() {
  const absl::Time stopped = absl::Now();
  stopping_ = true;
  if (pacer_.joinable()) pacer_.join();
  // Every call has a deadline; waiting any longer means that a call is stuck.
  state_.WaitUntil([](const State& state) { return state.in_flight == 0; },
                   absl::ToChronoMilliseconds(options_.deadline + absl::Seconds(60)));
  return state_.With([&](State& state) {
    state.report.lasted = stopped - state.report.began;
    return std::exchange(state.report, {});
  });
}

LoadReport LoadGenerator::RunClosed(int calls_in_flight, absl::Duration length) {
  StartClosed(calls_in_flight);
  absl::SleepFor(length);
  return Stop();
}

LoadReport LoadGenerator::RunOpen(double calls_per_second, absl::Duration length) {
  StartOpen(calls_per_second);
  absl::SleepFor(length);
  return Stop();
}

int LoadGenerator::in_flight() const {
  return state_.Read([](const State& state) { return state.in_flight; });
}

void LoadGenerator::BeginCall() {
  const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  auto* const call = new Call;
  call->record.marker = options_.first_marker + number;
  call->record.write = static_cast<int>(number % 100 * 37 % 100) < options_.write_percent;
  const std::optional<Rpc>& given = call->record.write ? options_.write : options_.read;
  call->request = given ? Bytes(given->message) : Request(call->record.marker, call->record.write);
  call->began = Clock::now();
  call->deadline = call->began + absl::ToChronoNanoseconds(options_.deadline);
  call->context.set_deadline(std::chrono::system_clock::now() +
                             absl::ToChronoNanoseconds(options_.deadline));
  state_.With([](State& state) { ++state.in_flight; });
  stubs_[number % stubs_.size()].UnaryCall(
      &call->context,
      given                ? given->path
      : call->record.write ? kWrite
                           : kRead,
      {}, &call->request, &call->reply,
      [this, call](const grpc::Status& status) { OnEnd(*call, status); });
}

void LoadGenerator::OnEnd(Call& call, const grpc::Status& status) {
  const auto now = Clock::now();
  CallRecord record = call.record;
  record.ended = absl::Now();
  record.milliseconds = static_cast<float>(Milliseconds(now - call.began));
  record.overdue_milliseconds = static_cast<float>(Milliseconds(now - call.deadline));
  record.code = status.error_code();
  record.told = ToldBy(status);
  // Delete the call before anybody learns that it has ended. The call holds the channel, and if
  // this gRPC thread were the channel's last owner, it would wait for its own end.
  delete &call;
  if (closed_loop_ && !stopping_) BeginCall();
  state_.With([&](State& state) {
    LoadReport& report = state.report;
    if (record.told == Told::kNone && report.first_foreign_error.empty()) {
      report.first_foreign_error = status.error_message();
    }
    report.calls.push_back(record);
    --state.in_flight;
  });
}

}  // namespace gateway::load
