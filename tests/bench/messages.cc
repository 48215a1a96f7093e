#include "tests/bench/messages.h"

#include <cstdlib>
#include <variant>
#include <vector>

#include "nlohmann/json.hpp"
#include "tests/end_to_end/support/proto_json.h"
#include "tests/end_to_end/support/sample.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/reply/reply_reader.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::bench {
namespace {

using end_to_end::MakeSample;
using end_to_end::ProtoJson;
using end_to_end::Rpc;
using end_to_end::Sample;
using nlohmann::json;

// The first path parameter of each measured call. Keep it equal to the value in run.py.
constexpr char kStore[] = "411486491630370816";

std::string ToBytes(const Rpc& rpc, Sample sample) {
  sample.path.at(0) = kStore;
  ProtoJson convert;
  return end_to_end::ToRequest(rpc, sample, convert)->SerializeAsString();
}

}  // namespace

const mapping::Route& RouteOf(const Rpc& rpc) {
  static const auto& table = **new auto(mapping::RouteTable::Compile(mapping::EmbeddedFiles()));
  for (const mapping::Route& route : table->routes()) {
    if (route.full_name == rpc.name()) return route;
  }
  std::abort();
}

const Rpc& Operation(const std::string& name) {
  static const auto& rpcs =
      *new std::vector<Rpc>(end_to_end::RpcsOf(**sandbox::ContractOf("paynow")));
  return end_to_end::Find(rpcs, name);
}

Checkout::Checkout(size_t lines) {
  Sample sample = MakeSample(rpc, {});
  nlohmann::json& array = sample.body.at("lines");
  const nlohmann::json one = array.at(0);
  array = nlohmann::json::array();
  for (size_t i = 0; i < lines; ++i) array.push_back(one);
  message = ToBytes(rpc, sample);
  json = sample.body.dump();
  reply = sample.reply.dump();
}

SmallCheckout::SmallCheckout() {
  const Checkout checkout(2);
  Sample sample = MakeSample(checkout.rpc, {});
  sample.body = {
      {"customer_id", "411486491630370817"},
      {"lines",
       {{{"product_id", "411486491630370818"}, {"quantity", 2}},
        {{"product_id", "411486491630370819"},
         {"quantity", 1},
         {"metadata", {{"gift-note", "for the guild"}}}}}},
      {"return_url", "https://shop.example/thanks?cart=c-20261126-000417"},
      {"cancel_url", "https://shop.example/carts/c-20261126-000417"},
      {"auto_redirect", true},
      {"metadata", {{"cart", "c-20261126-000417"}, {"referrer", "newsletter"}}},
  };
  message = ToBytes(checkout.rpc, sample);
  json = sample.body.dump();
}

Order::Order() {
  const Sample sample = MakeSample(rpc, {});
  message = ToBytes(rpc, sample);
  reply = sample.reply.dump();
}

Orders::Orders() {
  const Sample sample = MakeSample(rpc, {});
  request = ToBytes(rpc, sample);
  const json& one = sample.reply.at(0);
  json list = json::array();
  for (size_t size = 0; size < kBytes; size += one.dump().size()) list.push_back(one);
  const std::string text = list.dump();
  response.status = 200;
  response.body.reserve(text.size() + http::kBodyPadding);
  response.body = text;
  message = std::get<mapping::Reply>(mapping::ReadReply(RouteOf(rpc), response)).message;
}

}  // namespace gateway::bench
