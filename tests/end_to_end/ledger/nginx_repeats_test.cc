// Row 56 of the fault matrix behind nginx: the connection to a gateway is cut during a refund, and
// nginx knows a second gateway. If nginx repeated the refund there, it would not mark the repeat.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/end_to_end/support/cutting_relay.h"
#include "tests/end_to_end/support/keyed_refund.h"
#include "tests/end_to_end/support/nginx.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/refusing_port.h"
#include "tests/end_to_end/support/retries_everything.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/left_out.h"

namespace gateway::end_to_end {
namespace {

// Settings of grpc_next_upstream; "" keeps nginx's default.
constexpr const char* kNextUpstream[] = {"", "error timeout http_502 http_503",
                                         "error timeout non_idempotent"};

struct Killed {
  Answer answer;
  size_t executions = 0;
};

// Makes a refund through an nginx with this setting. Both of nginx's servers are the same gateway;
// the first is behind a relay, which cuts its connections when the refund has arrived upstream.
Killed RefundAndKill(const std::string& next_upstream) {
  ProviderStack paynow{StackOptions()};
  const std::vector<Rpc> rpcs = RpcsOf(paynow.stack().sandbox().contract());
  const ReadyCall refund = Ready(rpcs, kRefund);
  paynow.recorder().Answer(JsonReply(200, refund.sample.reply));
  CuttingRelay first(paynow.stack().gateway().port());
  const Nginx nginx({first.port(), paynow.stack().gateway().port()}, next_upstream);
  paynow.recorder().WhenReceived([&first, once = true](const sandbox::Received&) mutable {
    if (std::exchange(once, false)) first.Cut();
  });
  Caller caller(nginx.port());
  Killed killed{caller.Call(refund.rpc->path, refund.bytes), 0};
  paynow.recorder().WhenReceived(nullptr);
  killed.executions = paynow.recorder().Take().size();
  return killed;
}

// nginx keeps no copy of requests that it passes on by grpc_pass. So it cannot repeat what it has
// sent, even if it is configured to.
TEST(NginxRepeatsTest, RefundsOnceWhateverItIsTold) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  for (const char* words : kNextUpstream) {
    const Killed killed = RefundAndKill(words);
    EXPECT_EQ(killed.executions, 1u) << words;
    EXPECT_FALSE(killed.answer.status.ok()) << words;
    // nginx makes this error, not the gateway: whatever the code is, the outcome is unknown.
    EXPECT_EQ(killed.answer.status.error_details(), "") << words;
  }
}

// If the first gateway cannot be reached, nginx sends the request to the second. This shows that
// nginx uses the second gateway at all.
TEST(NginxRepeatsTest, GoesToTheOtherGatewayWhereTheFirstIsNotThere) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  ProviderStack paynow{StackOptions()};
  const std::vector<Rpc> rpcs = RpcsOf(paynow.stack().sandbox().contract());
  const ReadyCall refund = Ready(rpcs, kRefund);
  paynow.recorder().Answer(JsonReply(200, refund.sample.reply));
  const RefusingPort nobody;
  const int port = std::stoi(nobody.url().substr(nobody.url().rfind(':') + 1));
  const Nginx nginx({port, paynow.stack().gateway().port()}, "");
  Caller caller(nginx.port());
  EXPECT_TRUE(caller.Call(refund.rpc->path, refund.bytes).status.ok());
  EXPECT_EQ(paynow.recorder().Take().size(), 1u);
}

// With a key and a ledger, a client that retries through nginx gets the result of its first refund.
TEST(NginxRepeatsTest, ARetryingClientWithAKeyHearsOfItsOneRefund) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  for (const char* words : kNextUpstream) {
    SCOPED_TRACE(words);
    KeyedRefund refund;
    CuttingRelay first(refund.gateway_port());
    const Nginx nginx({first.port(), refund.gateway_port()}, words);
    refund.CutOnArrival(first);
    Caller retrying(nginx.port(), kRetriesEverything);
    refund.ExpectTheOne(refund.Call(retrying), /*replayed=*/true);
  }
}

TEST(NginxRepeatsTest, ACallerWhoAsksAgainWithItsKeyHearsOfItsOneRefund) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  for (const char* words : kNextUpstream) {
    SCOPED_TRACE(words);
    KeyedRefund refund;
    CuttingRelay first(refund.gateway_port());
    const Nginx nginx({first.port(), refund.gateway_port()}, words);
    refund.CutOnArrival(first);
    Caller caller(nginx.port());
    const Answer lost = refund.Call(caller);
    EXPECT_FALSE(lost.status.ok());
    EXPECT_EQ(lost.status.error_details(), "");
    refund.ExpectTheOne(refund.Call(caller), /*replayed=*/true);
  }
}

TEST(NginxRepeatsTest, WithAKeyTheOtherGatewaySendsWhatTheFirstNeverGot) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  KeyedRefund refund;
  const RefusingPort nobody;
  const int port = std::stoi(nobody.url().substr(nobody.url().rfind(':') + 1));
  const Nginx nginx({port, refund.gateway_port()}, "");
  Caller caller(nginx.port());
  refund.ExpectTheOne(refund.Call(caller), /*replayed=*/false);
}

}  // namespace
}  // namespace gateway::end_to_end
