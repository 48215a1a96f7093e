// Tests tools/scripts/run.sh, which `make run` and `make demo` start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Ne;
using testing::Not;
using testing::Pair;

// Returns the process of this group that runs the program `name`; 0 if there is none.
pid_t FindInGroup(pid_t group, const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid) || getpgid(pid) != group)
      continue;
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path() / "exe", gone).filename() == name) return pid;
  }
  return 0;
}

class RunTest : public testing::Test {
 protected:
  std::vector<std::string> Environment(const std::string& sandbox = "127.0.0.1:0",
                                       const std::string& gateway = "127.0.0.1:0") const {
    return {"SANDBOX_LISTEN=" + sandbox, "GATEWAY_LISTEN=" + gateway,
            "TMPDIR=" + directory_.Path()};
  }

  static std::vector<std::string> Script(const std::string& mode,
                                         const std::string& build = BUILD_DIR) {
    return {"bash", SOURCE_DIR "/tools/scripts/run.sh", mode, build};
  }

  // Expects that no process and no temporary file is left.
  void ExpectNothingLeft(const ChildProcess& child) const {
    EXPECT_FALSE(child.GroupIsAlive());
    EXPECT_TRUE(std::filesystem::is_empty(directory_.Path()));
  }

  TempDir directory_;
};

TEST_F(RunTest, DemoMakesACallAndStops) {
  ChildProcess demo({"make", "--no-print-directory", "-C", SOURCE_DIR, "-o", "build", "demo",
                     absl::StrCat("BUILD=", BUILD_DIR)},
                    Environment());
  EXPECT_EQ(demo.Wait(), 0) << demo.err();
  EXPECT_THAT(demo.out(), ContainsRegex("gateway-ledger-entry: [0-9a-f]+"));
  EXPECT_THAT(demo.out(), HasSubstr("gateway-replayed: true"));
  EXPECT_THAT(demo.out(), AllOf(ContainsRegex("\"id\": \"[0-9]+\""),
                                ContainsRegex("\"url\": \"http://127.0.0.1:[0-9]+/pay/[^\"]+\"")));
  // The whole cycle: the order is paid on the page, a webhook reports the payment and is verified,
  // and the order is complete.
  EXPECT_THAT(demo.out(), AllOf(HasSubstr("and is sent to https://shop.example/thanks"),
                                HasSubstr("\"type\": \"ON_ORDER_COMPLETED\""),
                                HasSubstr("\"status\": \"ORDER_STATUS_COMPLETED\"")));
  EXPECT_THAT(demo.err(), HasSubstr("\"event\":\"stopped\""));
  EXPECT_THAT(demo.err(), Not(HasSubstr("pnapi")));
  ExpectNothingLeft(demo);
}

// If the gateway itself is still looking up the outcome when the call is repeated, the outcome is
// still unknown. The demo must then repeat the call again.
TEST_F(RunTest, DemoRepeatsALostRefundUntilItsOutcomeIsKnown) {
  directory_.Write("grpc-call", R"(#!/bin/bash
[[ $* == *RefundOrder ]] || { printf '"refunds": [\n1\n2\n'; exit; }
echo >>"$CALLS"
case $(wc -l <"$CALLS") in
  1) echo '"reason": "UPSTREAM_CONNECTION_LOST"' ;;
  2 | 3) echo '"reason": "IDEMPOTENCY_OUTCOME_UNKNOWN"' ;;
  4) echo "$LAST" ;;
esac
[[ $LAST == gateway-replayed* && $(wc -l <"$CALLS") == 4 ]]
)");
  std::filesystem::permissions(directory_.Path("grpc-call"), std::filesystem::perms::owner_all);
  const auto show = [&](const std::string& last) {
    std::filesystem::remove(directory_.Path("calls"));
    ChildProcess shell({"bash", "-euc", ". \"$0\"; build=$1 gateway=127.0.0.1:1; show_lost_refund",
                        SOURCE_DIR "/tools/scripts/lost_refund.sh", directory_.Path()},
                       {"CALLS=" + directory_.Path("calls"), "LAST=" + last});
    const int code = shell.Wait();
    return std::make_pair(code, shell.out() + shell.err());
  };
  EXPECT_THAT(show("gateway-replayed: true"),
              Pair(0, AllOf(HasSubstr("gateway-replayed: true"), HasSubstr("\"refunds\""))));
  // The demo repeats the call only after IDEMPOTENCY_OUTCOME_UNKNOWN. Any other error ends the
  // demo.
  EXPECT_THAT(show("\"reason\": \"UNRESOLVED_WRITE\""),
              Pair(Ne(0), AllOf(HasSubstr("UNRESOLVED_WRITE"), Not(HasSubstr("\"refunds\"")))));
}

// In the demo of each provider, the session is paid, and the event of the payment is verified.
TEST_F(RunTest, DemoOfEachProviderIsPaidAndToldOf) {
  const std::vector<std::pair<std::string, std::string>> paid = {
      {"convergegate", "session.completed"},
      {"paymentkit", "invoice.paid"},
      {"qashier", "checkout.session.completed"}};
  for (const auto& [provider, event] : paid) {
    std::vector<std::string> environment = Environment();
    environment.push_back("PROVIDER=" + provider);
    ChildProcess demo(Script("demo"), environment);
    EXPECT_EQ(demo.Wait(), 0) << demo.err();
    EXPECT_THAT(demo.out(), AllOf(HasSubstr(provider + ".v1.CheckoutSessionsService"),
                                  ContainsRegex("\"id\": \"[^\"]+\""),
                                  HasSubstr("and is sent to https://shop.example/thanks"),
                                  HasSubstr("\"type\": \"" + event + "\"")));
    EXPECT_THAT(demo.err(), Not(HasSubstr("sk_")));
    ExpectNothingLeft(demo);
  }
  std::vector<std::string> environment = Environment();
  environment.emplace_back("PROVIDER=nobody");
  ChildProcess demo(Script("demo"), environment);
  EXPECT_EQ(demo.Wait(), 2);
  EXPECT_THAT(demo.err(), HasSubstr("there is no provider nobody"));
}

// Ctrl-C signals the whole group; `kill` signals only the script. Both end all processes, with exit
// code 0.
TEST_F(RunTest, RunServesUntilItIsStopped) {
  for (const int signal : {SIGINT, SIGTERM}) {
    ChildProcess run(Script("run"), Environment());
    const std::string line = run.WaitForLine("Serving on 127.0.0.1:");
    ASSERT_NE(line, "") << run.err();
    // The addresses of the pay page and of the sandbox's window.
    EXPECT_THAT(run.out(), ContainsRegex("\nhttp://127.0.0.1:[0-9]+/pay/[^\n]+\n"));
    EXPECT_THAT(run.out(), ContainsRegex("\nhttp://127.0.0.1:[0-9]+/_sandbox/\n"));
    const std::string address = line.substr(11, line.find(' ', 11) - 11);
    EXPECT_EQ(RunProgram({BUILD_DIR "/grpc-call", "-plaintext", address,
                          "paynow.management.v1.StoreService/GetStore"})
                  .exit_code,
              0);
    signal == SIGINT ? run.SignalGroup(signal) : run.Signal(signal);
    EXPECT_EQ(run.Wait(), 0) << run.err();
    ExpectNothingLeft(run);
  }
}

TEST_F(RunTest, CtrlCWhileStartingLeavesNothing) {
  // A sandbox that never says that it is ready.
  directory_.Write("provider-sandbox", "#!/bin/sh\necho starting\nexec sleep 1000\n");
  std::filesystem::permissions(directory_.Path("provider-sandbox"),
                               std::filesystem::perms::owner_all);
  ChildProcess run(Script("run", directory_.Path()), {"SANDBOX_LISTEN=127.0.0.1:0"});
  ASSERT_NE(run.WaitForLine("starting"), "");
  run.SignalGroup(SIGINT);
  EXPECT_EQ(run.Wait(), 130);
  EXPECT_FALSE(run.GroupIsAlive());
}

TEST_F(RunTest, SaysWhatToDoWhereAnAddressIsTaken) {
  http::ScriptedServer taken({{http::Step::Reply("")}});
  const std::string address = absl::StrCat("127.0.0.1:", taken.port());
  {
    ChildProcess run(Script("run"), Environment(address));
    EXPECT_EQ(run.Wait(), 1);
    EXPECT_THAT(run.err(), AllOf(HasSubstr(address), HasSubstr("SANDBOX_LISTEN=127.0.0.1:0")));
    ExpectNothingLeft(run);
  }
  ChildProcess run(Script("run"), Environment("127.0.0.1:0", address));
  EXPECT_EQ(run.Wait(), 1);
  EXPECT_THAT(run.err(), AllOf(HasSubstr("cannot listen on " + address),
                               HasSubstr("GATEWAY_LISTEN=127.0.0.1:0")));
  ExpectNothingLeft(run);
}

TEST_F(RunTest, StopsWhereOneOfTheTwoEnds) {
  ChildProcess run(Script("run"), Environment());
  ASSERT_NE(run.WaitForLine("Serving on"), "") << run.err();
  const pid_t gateway = FindInGroup(run.pid(), "billing-gateway");
  ASSERT_GT(gateway, 0);
  ASSERT_EQ(kill(gateway, SIGKILL), 0);
  EXPECT_EQ(run.Wait(), 1);
  EXPECT_THAT(run.err(), HasSubstr("a server has ended by itself"));
  ExpectNothingLeft(run);
}

// On a tree that is built already, `make run` builds nothing.
TEST_F(RunTest, ServesSoonOnABuiltTree) {
  const absl::Time start = absl::Now();
  ChildProcess run(
      {"make", "--no-print-directory", "-C", SOURCE_DIR, "run", absl::StrCat("BUILD=", BUILD_DIR)},
      Environment());
  ASSERT_NE(run.WaitForLine("Serving on"), "") << run.err();
  EXPECT_LT(absl::Now() - start, absl::Seconds(3) * SLOWNESS);
  run.SignalGroup(SIGINT);
  run.Wait();
  ExpectNothingLeft(run);
}

}  // namespace
}  // namespace gateway
