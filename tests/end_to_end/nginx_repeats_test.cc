// Row 56 of the fault matrix behind nginx: the gateway that has a refund under way is killed, and
// there is a second one. Whatever nginx sends again, it tells nobody.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/end_to_end/support/cutting_relay.h"
#include "tests/end_to_end/support/nginx.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/refusing_port.h"
#include "tests/end_to_end/support/rpc.h"
#include "tests/left_out.h"

namespace gateway::end_to_end {
namespace {

struct Killed {
  Answer answer;
  size_t executions = 0;
};

// Behind nginx with these words. One gateway plays both: the connections of the first way to it are
// cut when the refund has arrived upstream.
Killed RefundAndKill(const std::string& next_upstream) {
  ProviderStack paynow{StackOptions()};
  const std::vector<Rpc> rpcs = RpcsOf(paynow.stack().sandbox().contract());
  const ReadyCall refund = Ready(rpcs, kRefund);
  paynow.recorder().Answer(JsonReply(200, refund.sample.reply));
  CuttingRelay first(paynow.stack().gateway().port());
  const Nginx nginx({first.port(), paynow.stack().gateway().port()}, next_upstream);
  paynow.recorder().WhenReceived([&first, once = true]() mutable {
    if (std::exchange(once, false)) first.Cut();
  });
  Caller caller(nginx.port());
  Killed killed{caller.Call(refund.rpc->path, refund.bytes), 0};
  paynow.recorder().WhenReceived(nullptr);
  killed.executions = paynow.recorder().Take().size();
  return killed;
}

// nginx keeps no copy of what it passes on by grpc_pass, and so repeats nothing that it has sent,
// not even where it is told to.
TEST(NginxRepeatsTest, RefundsOnceWhateverItIsTold) {
  if (!Nginx::IsInstalled()) return LeaveOut("nginx is not installed");
  for (const char* words :
       {"", "error timeout http_502 http_503", "error timeout non_idempotent"}) {
    const Killed killed = RefundAndKill(words);
    EXPECT_EQ(killed.executions, 1u) << words;
    EXPECT_FALSE(killed.answer.status.ok()) << words;
    // Not the gateway's word: whatever it is called, the outcome is unknown.
    EXPECT_EQ(killed.answer.status.error_details(), "") << words;
  }
}

// What it has not sent it may give to another gateway, and does: this shows that there is one.
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

}  // namespace
}  // namespace gateway::end_to_end
