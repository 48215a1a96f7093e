// A machine that is suspended while calls are open. This program defines its own clock_gettime, by
// which CLOCK_BOOTTIME alone moves on during such a time, as it does on a real machine.

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

std::atomic<int> seconds_suspended{0};

// Another replica may have taken the call's ledger entry over in the meantime.
TEST(SuspendedMachineTest, ACallThatExpiredMeanwhileIsNeverSent) {
  ScriptedServer server({{Step::HeldReply("first"), Step::Reply("second")}});
  Options options;
  options.max_connections = 1;
  auto transport = MakeTransport(server, options);
  const Awaited first = Start(*transport, Get(server.Url("/first")));
  ASSERT_TRUE(server.WaitForExecutions(1));
  const Awaited expired =
      Start(*transport, WithDeadline(Post(server.Url("/late"), "{}"), absl::Hours(1)));
  seconds_suspended += 2 * 3600;
  server.Release();
  EXPECT_EQ(Summary(first), "200 first");
  EXPECT_EQ(Summary(expired), "deadline, not sent");
  EXPECT_EQ(server.executions(), 1);
}

}  // namespace
}  // namespace gateway::http

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
  if (clock == CLOCK_BOOTTIME) now->tv_sec += gateway::http::seconds_suspended;
  return result;
}
