// Client libraries and proxies repeat calls. Tests when the gateway tells them not to, and which
// repeated calls it refuses.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/cutting_relay.h"
#include "tests/end_to_end/support/keyed_refund.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/retries_everything.h"
#include "tests/end_to_end/support/rpc.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;

constexpr char kKopi[] = R"({"body": {"line_items": [{"price_data": {"currency": "sgd",
    "product_data": {"name": "Kopi"}, "unit_amount": "250"}, "quantity": "2"}],
    "return_url": "https://x.test/r", "success_url": "https://x.test/s"}})";

std::string Pushback(const Answer& answer) {
  const auto found = answer.trailers.find("grpc-retry-pushback-ms");
  return found == answer.trailers.end() ? "none" : found->second;
}

class RepeatedCallsTest : public testing::Test {
 protected:
  RepeatedCallsTest() : recorder_(stack_.sandbox()), rpcs_(RpcsOf(stack_.sandbox().contract())) {}

  Answer Call(absl::string_view operation, const Metadata& metadata = {}) {
    const ReadyCall call = Ready(rpcs_, operation);
    return stack_.caller().CallWith(call.rpc->path, call.bytes, metadata);
  }

  Stack stack_;
  Recorder recorder_;
  const std::vector<Rpc> rpcs_;
};

TEST_F(RepeatedCallsTest, TheGatewaySaysWhatMustNotBeRepeated) {
  struct Row {
    int http_status;
    const char* retry_after;
    const char* of_read;
    const char* of_write;
  };
  for (const Row& row : {Row{400, "", "-1", "-1"},
                         {404, "", "-1", "-1"},
                         {409, "", "-1", "-1"},
                         {429, "", "-1", "-1"},
                         {429, "1", "1000", "1000"},
                         {429, "0.0001", "1", "1"},
                         {500, "", "none", "-1"},
                         {501, "", "none", "-1"},
                         {503, "", "none", "-1"},
                         {503, "1", "1000", "-1"},
                         {302, "", "none", "-1"}}) {
    sandbox::Reply reply;
    reply.status = row.http_status;
    if (*row.retry_after != '\0') reply.headers = {{"Retry-After", row.retry_after}};
    recorder_.Answer(reply);
    EXPECT_EQ(Pushback(Call(kRefund)), row.of_write) << row.http_status << row.retry_after;
    EXPECT_EQ(Pushback(Call(kRead)), row.of_read) << row.http_status << row.retry_after;
  }
  recorder_.Answer({200, "{}", "application/json", {}});
  EXPECT_EQ(Pushback(Call(kRefund)), "-1");
  EXPECT_EQ(Pushback(stack_.caller().Call("/paynow.management.v1.OrdersService/RefundOrder", "x")),
            "-1");
}

// This client tries each call up to four times. Only the gateway's trailer grpc-retry-pushback-ms
// keeps it from making four refunds.
TEST_F(RepeatedCallsTest, AClientThatRepeatsEverythingRepeatsNoWrite) {
  Caller retrying(stack_.gateway().port(), kRetriesEverything);
  const ReadyCall refund = Ready(rpcs_, kRefund);
  for (const int status : {302, 400, 404, 409, 429, 500, 501, 502, 503, 504}) {
    recorder_.Answer({status, "{}", "application/json", {}});
    EXPECT_FALSE(retrying.Call(refund.rpc->path, refund.bytes).status.ok()) << status;
    EXPECT_EQ(recorder_.Take().size(), 1u) << status;
  }
}

// Envoy and Istio send the number of the attempt in the header x-envoy-attempt-count.
TEST_F(RepeatedCallsTest, AWriteThatAProxyHasRepeatedIsRefused) {
  const ReadyCall refund = Ready(rpcs_, kRefund);
  recorder_.Answer(JsonReply(200, refund.sample.reply));
  // A count that cannot be read may stand for any number, so the write is refused too.
  for (const char* const attempt : {"2", "7", "99999999999999999999", "two", "-1", ""}) {
    const Answer answer = Call(kRefund, {{"x-envoy-attempt-count", attempt}});
    EXPECT_EQ(answer.status.error_code(), StatusCode::FAILED_PRECONDITION);
    const Details details = DetailsOf(answer.status);
    EXPECT_EQ(details.info.reason(), "RETRIED_WITHOUT_KEY");
    EXPECT_EQ(details.Meta("outcome"), "not_sent");
    EXPECT_EQ(Pushback(answer), "-1");
    EXPECT_EQ(recorder_.Take().size(), 0u);
    EXPECT_TRUE(Call(kRead, {{"x-envoy-attempt-count", attempt}}).status.ok());
    EXPECT_EQ(recorder_.Take().size(), 1u);
  }
  EXPECT_TRUE(Call(kRefund, {{"x-envoy-attempt-count", "1"}}).status.ok());
  EXPECT_EQ(recorder_.Take().size(), 1u);
}

// Row 56 of the fault matrix. The client loses the connection during a call, as if the gateway had
// been killed. gRPC's client reports that as UNAVAILABLE, and its retry policy repeats UNAVAILABLE.
struct Killed {
  Answer answer;
  std::vector<Arrival> executions;
};

Killed CallAndKill(ProviderStack& stack, const std::string& path, const std::string& bytes,
                   const Metadata& metadata) {
  CuttingRelay relay(stack.stack().gateway().port());
  Caller retrying(relay.port(), kRetriesEverything);
  stack.recorder().WhenReceived([&relay, first = true](const sandbox::Received&) mutable {
    if (std::exchange(first, false)) relay.Cut();
  });
  Killed killed{retrying.CallWith(path, bytes, metadata), {}};
  stack.recorder().WhenReceived(nullptr);
  killed.executions = stack.recorder().Take();
  return killed;
}

class KilledGatewayTest : public testing::Test {
 protected:
  static Killed Refund(bool refuse_repeated_writes) {
    StackOptions options;
    options.refuse_repeated_writes = refuse_repeated_writes;
    ProviderStack paynow(options);
    const std::vector<Rpc> rpcs = RpcsOf(paynow.stack().sandbox().contract());
    const ReadyCall refund = Ready(rpcs, kRefund);
    paynow.recorder().Answer(JsonReply(200, refund.sample.reply));
    return CallAndKill(paynow, refund.rpc->path, refund.bytes, {});
  }
};

TEST_F(KilledGatewayTest, BehindARetryingClientRefundsOnce) {
  const Killed killed = Refund(true);
  EXPECT_EQ(killed.executions.size(), 1u);
  EXPECT_EQ(killed.answer.status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(DetailsOf(killed.answer.status).info.reason(), "RETRIED_WITHOUT_KEY");
}

// Shows that the write happens twice without the option, and that the client of these tests does
// repeat it.
TEST_F(KilledGatewayTest, RefundsTwiceWhereTheSwitchIsOff) {
  const Killed killed = Refund(false);
  EXPECT_EQ(killed.executions.size(), 2u);
  EXPECT_TRUE(killed.answer.status.ok());
}

// The client repeats the call by itself and gets the result of the first call. With a key, that
// does not depend on the option refuse_repeated_writes.
TEST_F(KilledGatewayTest, WithAKeyAndALedgerRefundsOnceAndTellsSo) {
  for (const bool refuse_repeated_writes : {true, false}) {
    KeyedRefund refund(refuse_repeated_writes);
    CuttingRelay relay(refund.gateway_port());
    refund.CutOnArrival(relay);
    Caller retrying(relay.port(), kRetriesEverything);
    refund.ExpectTheOne(refund.Call(retrying), /*replayed=*/true);
  }
}

TEST_F(KilledGatewayTest, SendsTheSameKeyTwice) {
  ProviderStack qashier("qashier");
  const std::unique_ptr<Message> request =
      NewMessage(TypeNamed("qashier.v1.CreateCheckoutSessionRequest"));
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(kKopi, request.get()).ok());
  const Killed killed =
      CallAndKill(qashier, "/qashier.v1.CheckoutSessionsService/CreateCheckoutSession",
                  request->SerializeAsString(), {{"idempotency-key", "order-1"}});
  EXPECT_TRUE(killed.answer.status.ok()) << killed.answer.status.error_message();
  ASSERT_EQ(killed.executions.size(), 2u);
  for (const Arrival& arrival : killed.executions) EXPECT_EQ(arrival.idempotency_key, "order-1");
}

}  // namespace
}  // namespace gateway::end_to_end
