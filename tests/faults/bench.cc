#include "tests/faults/bench.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/messages.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::faults {
namespace {

using end_to_end::Bytes;
using end_to_end::Method;

// Libraries open some descriptors once, on the first call. This makes such a call, so that these
// descriptors do not count as a leak of the first case.
void WarmUp(const Config& config) {
  static const bool warm = [&config] {
    for (const Wire wire : {Wire::kPlain, Wire::kTls}) {
      FaultyUpstream upstream(wire,
                              [](const Received&) { return Reaction::Json(R"({"id": "1"})"); });
      Config warming = config;
      warming.file.clear();  // watches nothing
      UpstreamConfig& target = warming.upstreams["paynow"];
      target.options.base_url = upstream.base_url();
      target.tls.ca_file = upstream.ca_file();
      const auto front = Front::Start(warming);
      const Operation read = Read();
      front->Start(read.rpc, read.request, absl::Now() + absl::Minutes(1))->Await();
    }
    return true;
  }();
  EXPECT_TRUE(warm);
}

std::string Number(int id) { return absl::StrCat(500000000000000000 + id); }

std::string Ids(absl::string_view name, int id) {
  return absl::StrCat("store_id: '", kStore, "' ", name, ": '", Number(id), "'");
}

}  // namespace

Operation Read(int id) {
  return {Method("OrdersService", "GetOrderById"),
          Bytes("GetOrderByIdRequest", Ids("order_id", id)), "read"};
}

Operation Refund(int id) {
  return {Method("OrdersService", "RefundOrder"),
          Bytes("RefundOrderRequest", absl::StrCat(Ids("order_id", id), " body {}")), "write"};
}

Operation Delete(int id) {
  return {Method("CouponsService", "DeleteCouponForStore"),
          Bytes("DeleteCouponForStoreRequest", Ids("coupon_id", id)), "write"};
}

Operation CancelSubscription(int id) {
  return {Method("SubscriptionsService", "CancelSubscription"),
          Bytes("CancelSubscriptionRequest", Ids("subscription_id", id)), "write"};
}

Operation LargeWrite(size_t bytes, int id) {
  const std::string body = absl::StrCat(
      "enabled: true code: 'C' duration: COUPON_DURATION_ENUM_ONCE discount_amount: 1 "
      "discount_type: COUPON_DISCOUNT_TYPE_ENUM_PERCENT discount_apply_individually: false "
      "discount_apply_before_sales: false minimum_order_value: 0 "
      "redeem_limit_store_enabled: false redeem_limit_store_amount: 0 "
      "redeem_limit_customer_enabled: false redeem_limit_customer_amount: 0 "
      "usable_on_one_time_purchase: true usable_on_subscription: false note: '",
      std::string(bytes, 'n'), "'");
  return {Method("CouponsService", "CreateCouponForStore"),
          Bytes("CreateCouponForStoreRequest",
                absl::StrCat("store_id: '", id < 0 ? kStore : Number(id), "' body {", body, "}")),
          "write"};
}

std::string Seen::ToString() const {
  if (ok()) return "OK";
  return absl::StrCat(absl::StatusCodeToString(code), " ", outcome(), " ", reason());
}

int OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<int>(std::distance(begin(all), end(all)));
}

bool Comes(const std::function<bool()>& condition) {
  const SteadyTime patience = SteadyTime::Now() + absl::Seconds(10);
  while (!condition()) {
    if (SteadyTime::Now() > patience) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

Bench::Bench() : key_file_(directory_.Write("key", kKey)) {
  mapping::EmbeddedFiles();  // registers the descriptors of the messages
  config_.listen = "127.0.0.1:0";
  config_.default_deadline = kPatience;
  UpstreamConfig& upstream = upstream_config();
  upstream.options.default_store = kStore;
  upstream.options.retry.base = absl::Milliseconds(5);
  upstream.options.retry.cap = absl::Milliseconds(20);
  upstream.options.retry_budget.floor = 1000;
  upstream.options.breaker.min_calls = 1'000'000;
  upstream.api_key.file = key_file_;
}

Bench::~Bench() { EXPECT_EQ(front_, nullptr) << "TearDown was not called"; }

void Bench::TearDown() { Finish(); }

void Bench::WriteKey(const std::string& key) { std::ofstream(key_file_) << key << "\n"; }

void Bench::Serve(FaultyUpstream::React react) {
  Finish();
  WarmUp(config_);
  descriptors_ = OpenDescriptors();
  upstream_ = std::make_unique<FaultyUpstream>(wire(), std::move(react), upstream_options_);
  StartGateway(upstream_->base_url(), upstream_->ca_file());
}

void Bench::ServeUrl(const std::string& base_url, const std::string& ca_file) {
  Finish();
  WarmUp(config_);
  descriptors_ = OpenDescriptors();
  StartGateway(base_url, ca_file);
}

void Bench::StartGateway(const std::string& base_url, const std::string& ca_file) {
  upstream_config().options.base_url = base_url;
  upstream_config().tls.ca_file = ca_file;
  front_ = Front::Start(config_);
}

void Bench::Finish() {
  if (front_ == nullptr) return;
  ExpectIdle();
  front_ = nullptr;
  upstream_ = nullptr;
  // gRPC closes its sockets a little after their owners are destroyed.
  Comes([this] { return OpenDescriptors() <= descriptors_; });
  EXPECT_LE(OpenDescriptors(), descriptors_) << "descriptors are left open";
}

// The caller's cancellation may be answered before the gateway has finished the call.
void Bench::ExpectIdle() const {
  const auto busy = [this] {
    const std::vector<Sample> samples = ParseMetrics(front_->MetricsText());
    return Sum(samples, "gateway_pool_requests") + Sum(samples, "gateway_upstream_calls_in_flight");
  };
  Comes([&] { return busy() == 0; });
  EXPECT_EQ(busy(), 0) << "calls or places are left";
}

std::unique_ptr<Front::Pending> Bench::Begin(const Operation& operation, absl::Duration deadline) {
  return front_->Start(operation.rpc, operation.request, absl::Now() + deadline);
}

Seen Bench::ReadAnswer(end_to_end::Answer answer) {
  Seen seen;
  seen.code = static_cast<absl::StatusCode>(answer.status.error_code());
  seen.message = answer.status.error_message();
  seen.trailers = std::move(answer.trailers);
  seen.reply = std::move(answer.message);
  const auto attempts = seen.trailers.find("gateway-attempts");
  if (attempts != seen.trailers.end()) {
    EXPECT_TRUE(absl::SimpleAtoi(attempts->second, &seen.attempts));
  }
  if (!answer.status.ok() && !answer.status.error_details().empty()) {
    seen.details = end_to_end::DetailsOf(answer.status);
  }
  return seen;
}

Seen Bench::Await(Front::Pending& pending) {
  const SteadyTime begin = SteadyTime::Now();
  Seen seen = ReadAnswer(pending.Await());
  seen.took = SteadyTime::Now() - begin;
  Saw(seen.ToString());
  return seen;
}

Seen Bench::Call(const Operation& operation, absl::Duration deadline) {
  return Await(*Begin(operation, deadline));
}

double Bench::Metric(const std::string& name, const Labels& labels) const {
  return Sum(ParseMetrics(front_->MetricsText()), name, labels);
}

void Bench::ExpectMetric(const std::string& name, const Labels& labels, double value) const {
  Comes([&] { return Metric(name, labels) == value; });
  EXPECT_EQ(Metric(name, labels), value)
      << name << " "
      << (labels.empty() ? "" : absl::StrCat(labels.begin()->first, "=", labels.begin()->second));
}

void Bench::ExpectAttempts(const std::string& kind,
                           const std::map<std::string, int>& by_result) const {
  constexpr char kName[] = "gateway_upstream_attempts_total";
  int all = 0;
  for (const auto& [result, count] : by_result) {
    ExpectMetric(kName, {{"kind", kind}, {"result", result}}, count);
    all += count;
  }
  ExpectMetric(kName, {{"kind", kind}}, all);
}

void Bench::ExpectExecutions(int count) {
  EXPECT_EQ(upstream_->executions(), count) << "executions upstream";
  Saw(absl::StrCat(upstream_->executions(), " executed"));
}

void Bench::ExpectFaults(int count) {
  EXPECT_EQ(upstream_->faults(), count) << "faults that fired";
}

std::vector<Seen> Bench::ExpectOnce(const Reaction& reaction,
                                    const std::vector<Operation>& operations,
                                    const std::string& result, const Outcome& expected) {
  std::vector<Seen> all;
  for (const Operation& operation : operations) {
    Serve([=](const Received&) { return reaction; });
    const Seen seen = Call(operation);
    ExpectSeen(seen, expected.code, expected.outcome, expected.reason);
    EXPECT_EQ(seen.attempts, 1);
    ExpectExecutions(1);
    ExpectFaults(reaction.is_fault() ? 1 : 0);
    ExpectAttempts(operation.kind, {{result, 1}});
    ExpectMetric("gateway_upstream_retries_total", {}, 0);
    ExpectMetric("gateway_upstream_outcome_unknown_total", {},
                 expected.outcome == "unknown" ? 1 : 0);
    all.push_back(seen);
  }
  return all;
}

void Bench::ExpectOk(const Seen& seen) {
  EXPECT_TRUE(seen.ok()) << seen.ToString() << ": " << seen.message;
}

void Bench::ExpectUnknown(const Seen& seen) {
  ExpectSeen(seen, absl::StatusCode::kUnknown, "unknown");
}

void Bench::ExpectSeen(const Seen& seen, absl::StatusCode code, const std::string& outcome,
                       const std::string& reason) {
  EXPECT_EQ(seen.code, code) << seen.ToString() << ": " << seen.message;
  EXPECT_EQ(seen.outcome(), outcome) << seen.ToString() << ": " << seen.message;
  if (!reason.empty()) {
    EXPECT_EQ(seen.reason(), reason) << seen.message;
  }
}

}  // namespace gateway::faults
