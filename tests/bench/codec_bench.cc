// Benchmarks the codec in both directions on real DTOs, against the alternatives: a DOM with
// reflection, and protobuf's own JSON.
//
//   codec_bench [--benchmark_filter=REGEX]
#include <benchmark/benchmark.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>

#include "nlohmann/json.hpp"
#include "tests/bench/messages.h"
#include "tests/end_to_end/support/proto_json.h"
#include "upstream/mapping/reply/reply_reader.h"
#include "upstream/mapping/request/request_writer.h"

namespace gateway::bench {
namespace {

namespace pb = google::protobuf;
using end_to_end::ProtoJson;

// Returns an empty dynamic message, as used by a service without generated code.
std::unique_ptr<pb::Message> Empty(const pb::Descriptor& type) {
  static pb::DynamicMessageFactory& factory = *new pb::DynamicMessageFactory;
  return std::unique_ptr<pb::Message>(factory.GetPrototype(&type)->New());
}

const Orders& TheOrders() {
  static const Orders& orders = *new Orders;
  return orders;
}

void ReplyByGateway(benchmark::State& state) {
  const Orders& orders = TheOrders();
  const mapping::Route& route = RouteOf(orders.rpc);
  for ([[maybe_unused]] const auto _ : state)
    benchmark::DoNotOptimize(mapping::ReadReply(route, orders.response));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * orders.response.body.size()));
}
BENCHMARK(ReplyByGateway);

void ReplyByDom(benchmark::State& state) {
  const Orders& orders = TheOrders();
  ProtoJson convert;
  for ([[maybe_unused]] const auto _ : state) {
    const std::unique_ptr<pb::Message> reply = Empty(*orders.rpc.method->output_type());
    const auto& field = *reply->GetDescriptor()->FindFieldByName(orders.rpc.response_body);
    convert.SetField(*reply, field, nlohmann::json::parse(orders.response.body));
    benchmark::DoNotOptimize(reply->SerializeAsString());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * orders.response.body.size()));
}
BENCHMARK(ReplyByDom);

// Reads the same orders as the functions above, but with protobuf's JSON parser and in its format.
void ReplyByProtobuf(benchmark::State& state) {
  const Orders& orders = TheOrders();
  const pb::Descriptor& type = *orders.rpc.method->output_type();
  std::string text;
  {
    const std::unique_ptr<pb::Message> reply = Empty(type);
    if (!reply->ParseFromString(orders.message)) return state.SkipWithError("no message");
    if (!pb::util::MessageToJsonString(*reply, &text).ok()) return state.SkipWithError("no JSON");
  }
  for ([[maybe_unused]] const auto _ : state) {
    const std::unique_ptr<pb::Message> reply = Empty(type);
    if (!pb::util::JsonStringToMessage(text, reply.get()).ok()) state.SkipWithError("unread");
    benchmark::DoNotOptimize(reply->SerializeAsString());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(ReplyByProtobuf);

void RequestByGateway(benchmark::State& state) {
  const Checkout checkout(static_cast<size_t>(state.range(0)));
  const mapping::Route& route = RouteOf(checkout.rpc);
  for ([[maybe_unused]] const auto _ : state) {
    benchmark::DoNotOptimize(mapping::WriteRequest(
        route, checkout.message, {.base_url = "https://api.example", .default_tenant = "1"}));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * checkout.json.size()));
}
BENCHMARK(RequestByGateway)->Arg(2)->Arg(200);

void RequestByDom(benchmark::State& state) {
  const Checkout checkout(static_cast<size_t>(state.range(0)));
  ProtoJson convert;
  for ([[maybe_unused]] const auto _ : state) {
    const std::unique_ptr<pb::Message> request = Empty(*checkout.rpc.method->input_type());
    if (!request->ParseFromString(checkout.message)) state.SkipWithError("unread");
    benchmark::DoNotOptimize(convert.Members(*request).dump());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * checkout.json.size()));
}
BENCHMARK(RequestByDom)->Arg(2)->Arg(200);

void RequestByProtobuf(benchmark::State& state) {
  const Checkout checkout(static_cast<size_t>(state.range(0)));
  for ([[maybe_unused]] const auto _ : state) {
    const std::unique_ptr<pb::Message> request = Empty(*checkout.rpc.method->input_type());
    if (!request->ParseFromString(checkout.message)) state.SkipWithError("unread");
    std::string text;
    benchmark::DoNotOptimize(pb::util::MessageToJsonString(*request, &text));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * checkout.json.size()));
}
BENCHMARK(RequestByProtobuf)->Arg(2)->Arg(200);

}  // namespace
}  // namespace gateway::bench

BENCHMARK_MAIN();
