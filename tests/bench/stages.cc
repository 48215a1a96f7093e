// Runs one stage of a call repeatedly, so that a profiler can count its cost.
//
//   stages --list       the names
//   stages NAME COUNT   runs the stage COUNT times, and then 2 * COUNT times
//
// Under callgrind (--instr-atstart=no), each of the two rounds makes a dump named after its number
// of runs. The dumps differ by exactly COUNT runs. instructions.py reads them.
#include <grpcpp/server_context.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "service/authorization/authorizer.h"
#include "service/authorization/settings.h"
#include "service/call/in_flight.h"
#include "service/call/status.h"
#include "service/config/config.h"
#include "service/telemetry/call_stats.h"
#include "service/telemetry/call_trace.h"
#include "service/telemetry/operation.h"
#include "service/telemetry/telemetry.h"
#include "tests/bench/messages.h"
#include "upstream/client.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/reply/reply_reader.h"
#include "upstream/mapping/request/request_writer.h"
#include "upstream/steady_time.h"

namespace gateway::bench {
namespace {

constexpr char kBaseUrl[] = "https://api.example";
constexpr char kStore[] = "411486491630370816";
constexpr char kCaller[] = "spiffe://example/ns/shop/sa/checkout";

// Runs a stage once. Owns everything that the stage needs. Aborts if the measured operation fails.
using Stage = std::function<void()>;

template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename T, typename... Types>
T& Get(std::variant<Types...>& value) {
  Require(std::holds_alternative<T>(value));
  return std::get<T>(value);
}

http::Response Response(int status, const std::string& body) {
  http::Response response;
  response.status = status;
  response.headers = "Content-Type: application/json\r\n";
  response.body.reserve(body.size() + http::kBodyPadding);
  response.body = body;
  return response;
}

// ---- mapping

Stage WritesRequest(size_t lines) {
  const auto checkout = std::make_shared<Checkout>(lines);
  return [checkout, &route = RouteOf(checkout->rpc)] {
    auto written = mapping::WriteRequest(route, checkout->message,
                                         {.base_url = kBaseUrl, .default_tenant = kStore});
    Keep(Get<mapping::RestRequest>(written));
  };
}

Stage ReadsReply(const end_to_end::Rpc& rpc, http::Response response) {
  return [&route = RouteOf(rpc), own = std::make_shared<http::Response>(std::move(response))] {
    auto read = mapping::ReadReply(route, *own);
    Keep(Get<mapping::Reply>(read));
  };
}

Stage TellsError() {
  const Checkout checkout(2);
  const auto response = std::make_shared<http::Response>(
      Response(422, R"({"status": 422, "code": "validation-error", "message": "not valid",
                        "trace_id": "5f2a", "errors": [
                          {"code": "min", "message": "must be at least 1", "path": "lines[0].quantity", "validation": "min"},
                          {"code": "required", "message": "must be given", "path": "customer_id", "validation": "required"}]})"));
  return [&route = RouteOf(checkout.rpc), response] {
    auto read = mapping::ReadReply(route, *response);
    const grpc::Status status =
        ToStatus(Get<mapping::Failure>(read), route.full_name, "api.example", "4bf92f3577b34da6");
    Require(!status.error_details().empty());
  };
}

// ---- a whole call, without gRPC and without libcurl

// Answers each request immediately with a fixed response.
class Instant final : public http::Transport {
 public:
  explicit Instant(http::Response response) : response_(std::move(response)) {}

  using Transport::Send;
  CallId Send(std::shared_ptr<const http::Request> request, Done done) override {
    Keep(*request);
    done(Response(response_.status, response_.body));  // a copy without spare capacity
    return 1;
  }
  CallId Wait(SteadyTime, Done) override { std::abort(); }
  void Cancel(CallId) override {}

 private:
  const http::Response response_;
};

Stage Calls() {
  const auto checkout = std::make_shared<Checkout>(2);
  auto client = Client::Create({.base_url = kBaseUrl, .default_store = kStore},
                               std::make_unique<Instant>(Response(201, checkout->reply)));
  Require(client.ok());
  return [checkout, &route = RouteOf(checkout->rpc),
          keys = std::make_shared<const Credentials>(
              "pnapi_v1_bench", absl::flat_hash_map<std::string, std::string>()),
          client = std::shared_ptr<Client>(*std::move(client))] {
    bool answered = false;
    client->Call(route, checkout->message,
                 {.deadline = SteadyTime::Now() + absl::Seconds(30), .credentials = keys},
                 [&answered](Answer answer) {
                   Keep(Get<mapping::Reply>(answer.result));
                   answered = true;
                 });
    Require(answered);
  };
}

// ---- service

// Objects that must outlive the stages.
struct World {
  World() {
    auto compiled = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
    Require(compiled.ok());
    routes = *std::move(compiled);
    Config config;
    config.logging.access_sample_ratio = 0;  // no access line: another thread would write it
    auto created = Telemetry::Create(config);
    Require(created.ok());
    telemetry = *std::move(created);
  }

  std::unique_ptr<const mapping::RouteTable> routes;
  std::unique_ptr<Telemetry> telemetry;
};

// Authorizes a caller who has a certificate. One of a hundred rules allows this caller.
Stage Decides() {
  const World world;
  const auto authorizer =
      std::make_shared<authorization::Authorizer>(authorization::MethodsOf(*world.routes));
  std::string rules;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&rules, i == 0 ? "" : ",", "\"rule-", i, "\": {\"spiffe\": [\"", kCaller,
                    i == 50 ? "" : absl::StrCat(i), "\"], \"methods\": [\"*\"]}");
  }
  auto policy = authorization::Policy::Parse("policy", absl::StrCat("{\"rules\": {", rules, "}}"),
                                             authorizer->methods());
  Require(policy.ok());
  auto settings = std::make_shared<authorization::Settings>();
  settings->policy = *std::move(policy);
  const size_t method =
      *authorizer->Find("paynow.management.v1.CheckoutService/CreateCheckoutSession");
  return [authorizer, method, settings = std::shared_ptr<const authorization::Settings>(settings)] {
    authorization::Presented presented;
    presented.spiffe.push_back(kCaller);
    const authorization::Admission admission = authorizer->Admit(settings, method, presented);
    Require(!admission.refusal && !authorizer->CheckStore(admission, kStore));
  };
}

// The bookkeeping of a call: its IDs, the headers of its attempt, its entry among the calls in
// flight, its metrics.
Stage KeepsBooks() {
  const Checkout checkout(2);
  const auto world = std::make_shared<World>();
  const auto operation = std::make_shared<gateway::Operation>(OperationOf(RouteOf(checkout.rpc)));
  const auto stats = std::make_shared<CallStats>();
  const auto in_flight = std::make_shared<InFlight>();
  const auto result = std::make_shared<http::Result>(Response(201, ""));
  return [=] {
    struct Call final : InFlight::Member {
      void Abort() override {}
    } call;
    grpc::CallbackServerContext context;
    CallTrace trace(*world->telemetry, *operation, context);
    in_flight->Add(call);
    http::HeaderLines headers;
    trace.OnAttempt(headers);
    trace.OnResult(*result);
    stats->Count(absl::StatusCode::kOk, CallStats::End::kOk, absl::Now() - trace.begun());
    trace.End(absl::StatusCode::kOk, CallStats::End::kOk, "api.example");
    in_flight->Remove(call);
    Require(headers.size() == 1);
  };
}

const std::map<std::string, std::function<Stage()>>& Stages() {
  static const auto& stages = *new std::map<std::string, std::function<Stage()>>{
      {"request", [] { return WritesRequest(2); }},
      {"request-200-lines", [] { return WritesRequest(200); }},
      {"reply-checkout",
       [] {
         const Checkout checkout(2);
         return ReadsReply(checkout.rpc, Response(201, checkout.reply));
       }},
      {"reply-order",
       [] {
         const Order order;
         return ReadsReply(order.rpc, Response(200, order.reply));
       }},
      {"reply-orders-500k",
       [] {
         const Orders orders;
         return ReadsReply(orders.rpc, Response(200, orders.response.body));
       }},
      {"error", TellsError},
      {"call", Calls},
      {"admission", Decides},
      {"bookkeeping", KeepsBooks},
  };
  return stages;
}

int Run(const std::string& name, int count) {
  const auto found = Stages().find(name);
  if (found == Stages().end() || count < 1) return 2;
  const Stage stage = found->second();
  for (int i = 0; i < 3; ++i) stage();  // initialize everything that is initialized once
  CALLGRIND_START_INSTRUMENTATION;
  stage();  // absorb callgrind's own start-up cost
  CALLGRIND_ZERO_STATS;
  for (const int runs : {count, 2 * count}) {
    for (int i = 0; i < runs; ++i) stage();
    CALLGRIND_DUMP_STATS_AT(std::to_string(runs).c_str());
  }
  CALLGRIND_STOP_INSTRUMENTATION;
  return 0;
}

}  // namespace
}  // namespace gateway::bench

int main(int argc, char** argv) {
  using gateway::bench::Run;
  using gateway::bench::Stages;
  if (argc == 2 && std::string(argv[1]) == "--list") {
    for (const auto& [name, make] : Stages()) std::puts(name.c_str());
    return 0;
  }
  if (argc == 3) return Run(argv[1], std::atoi(argv[2]));
  std::fputs("usage: stages --list | stages NAME COUNT\n", stderr);
  return 2;
}
