// The gateway's binary, run as Kubernetes and operators run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/config/config.h"
#include "tests/service/child_process.h"
#include "tests/service/grpc_client.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr char kGetOrders[] = "paynow.management.v1.OrdersService/GetOrders";
constexpr char kRefund[] = "paynow.management.v1.OrdersService/RefundOrder";

class ProcessTest : public testing::Test {
 protected:
  // Writes a configuration and returns its path.
  std::string Config(const std::string& base_url = "http://127.0.0.1:1",
                     const std::string& listen = "127.0.0.1:0", json drain = json::object()) {
    return directory_.Write("g.json", json{{"listen", listen},
                                           {"drain", drain},
                                           {"logging", {{"access_sample_ratio", 0}}},
                                           {"upstreams",
                                            {{"paynow",
                                              {{"base_url", base_url},
                                               {"default_store", "12"},
                                               {"api_key", {{"env", "GATEWAY_TEST_KEY"}}}}}}}}
                                          .dump());
  }

  static Ended Run(std::vector<std::string> arguments, const std::string& key = "pnapi_MARKER") {
    arguments.insert(arguments.begin(), GATEWAY);
    return RunProgram(std::move(arguments), {"GATEWAY_TEST_KEY=" + key});
  }

  TempDir directory_;
};

class Running {
 public:
  explicit Running(const std::string& config)
      : child_({GATEWAY, "--config", config}, {"GATEWAY_TEST_KEY=pnapi_MARKER"}) {
    const json line = json::parse(child_.WaitForLine(""), nullptr, false);
    EXPECT_TRUE(line.is_object()) << child_.err();
    EXPECT_EQ(line.value("event", ""), "serving");
    port_ = line.value("port", 0);
  }

  ChildProcess& child() { return child_; }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  // The events that the gateway has logged, in order.
  std::vector<std::string> Events() const {
    std::vector<std::string> events;
    for (absl::string_view line : absl::StrSplit(child_.err(), '\n', absl::SkipEmpty())) {
      events.push_back(json::parse(line)["event"]);
    }
    return events;
  }

 private:
  ChildProcess child_;
  int port_ = 0;
};

// A core file would hold keys.
TEST_F(ProcessTest, LeavesNoCore) {
  ScriptedServer server({{Step::Reply("[]")}});
  Running gateway(Config(server.Url("")));
  std::ifstream limits(absl::StrCat("/proc/", gateway.child().pid(), "/limits"));
  std::string found;
  for (std::string line; std::getline(limits, line);) {
    if (absl::StartsWith(line, "Max core file size")) found = line;
  }
  EXPECT_THAT(found, testing::MatchesRegex("Max core file size +0 +0 +bytes *"));
  gateway.child().Signal(SIGTERM);
  EXPECT_EQ(gateway.child().Wait(), 0);
}

using StopSignalTest = ProcessTest;

TEST_F(StopSignalTest, EndsWellOnEitherSignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    ScriptedServer server({{Step::Reply("[]")}});
    Running gateway(Config(server.Url("")));
    EXPECT_TRUE(CallRpc(gateway.address(), kGetOrders, "{}").status.ok());
    gateway.child().Signal(signal);
    EXPECT_EQ(gateway.child().Wait(), 0);
    EXPECT_THAT(gateway.Events(), testing::ElementsAre("serving", "draining", "stopped"));
    EXPECT_THAT(gateway.child().out(), IsEmpty());
    EXPECT_THAT(gateway.child().err(), Not(HasSubstr("MARKER")));
  }
}

TEST_F(StopSignalTest, LetsCallsInFlightEnd) {
  ScriptedServer server({{Step::HeldReply("[]")}});
  Running gateway(Config(server.Url("")));
  auto call =
      std::async(std::launch::async, [&] { return CallRpc(gateway.address(), kGetOrders, "{}"); });
  ASSERT_TRUE(server.WaitForExecutions(1));
  gateway.child().Signal(SIGTERM);
  EXPECT_NE(gateway.child().WaitForLine("draining"), "");
  server.Release();
  EXPECT_TRUE(call.get().status.ok());
  EXPECT_EQ(gateway.child().Wait(), 0);
}

// No answer may say that the write did not happen.
TEST_F(StopSignalTest, EndsCallsThatOutlastTheGraceAndSaysWhatHappened) {
  ScriptedServer server({{Step::HeldReply("[]")}});
  Running gateway(Config(server.Url(""), "127.0.0.1:0", {{"grace", "100ms"}}));
  const auto start = [&](const char* method, const char* request) {
    return std::async(std::launch::async, [&gateway, method, request] {
      return CallRpc(gateway.address(), method, request);
    });
  };
  auto read = start(kGetOrders, "{}");
  auto write = start(kRefund, R"({"order_id": "34", "body": {}})");
  ASSERT_TRUE(server.WaitForExecutions(2));
  const absl::Time stopped = absl::Now();
  gateway.child().Signal(SIGTERM);
  EXPECT_EQ(gateway.child().Wait(), 0);
  EXPECT_LT(absl::Now() - stopped, absl::Seconds(10));  // far below the calls' own deadline
  EXPECT_TRUE(server.WaitForClientCloses(2));
  const RpcAnswer refund = write.get();
  EXPECT_EQ(refund.status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_THAT(refund.status.error_details(),
              AllOf(HasSubstr("SHUTTING_DOWN"), HasSubstr("unknown")));
  EXPECT_EQ(read.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

// A Health/Watch stream does not end by itself: a stop that waited for it would never end.
TEST_F(StopSignalTest, DoesNotWaitForThoseWhoWatchHealth) {
  Running gateway(Config("http://127.0.0.1:1", "127.0.0.1:0", {{"grace", "100ms"}}));
  HealthWatch watch(gateway.address());
  EXPECT_TRUE(watch.NextIsServing());
  const absl::Time stopped = absl::Now();
  gateway.child().Signal(SIGTERM);
  EXPECT_FALSE(watch.NextIsServing());
  EXPECT_EQ(gateway.child().Wait(), 0);
  EXPECT_LT(absl::Now() - stopped, absl::Seconds(20));
}

TEST_F(ProcessTest, LogsNothingButJsonWhenItCannotListen) {
  ScriptedServer taken({{Step::Reply("")}});
  const std::string address = absl::StrCat("127.0.0.1:", taken.port());
  const std::string config = Config("http://127.0.0.1:1", address);
  const Ended ended = Run({"--config", config});
  EXPECT_EQ(ended.exit_code, 1);
  std::vector<std::string> lines = absl::StrSplit(ended.err, '\n', absl::SkipEmpty());
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.back(), absl::StrCat(config, ": listen: cannot listen on ", address));
  lines.pop_back();
  for (const std::string& line : lines) EXPECT_EQ(json::parse(line)["event"], "gRPC");
  EXPECT_THAT(ended.err, HasSubstr("Address already in use"));
}

TEST_F(ProcessTest, SaysHowItIsUsed) {
  const std::string config = Config();
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--config"},
                                             {"--check-config"},
                                             {"--nonsense"},
                                             {"--config", config, "more"},
                                             {"--config-keys", "--nonsense"},
                                             {config}}) {
    const Ended ended = Run(arguments);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, StartsWith("Usage: billing-gateway --config FILE"));
    EXPECT_THAT(ended.out, IsEmpty());
  }
}

TEST_F(ProcessTest, HelpIsNoError) {
  const Ended ended = Run({"--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("Usage: billing-gateway --config FILE"));
}

TEST_F(ProcessTest, ChecksAConfigurationWithoutServing) {
  const std::string config = Config();
  const Ended good = Run({"--config", config, "--check-config"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_EQ(good.out, config + ": good\n");
  EXPECT_EQ(good.err, "");
}

// The errors are the same with and without --check-config.
TEST_F(ProcessTest, NamesFileKeyAndReasonOfEveryError) {
  const std::string config = directory_.Path("g.json");
  const struct {
    std::string text;
    std::string error;
  } kRows[] = {
      {"MARKER", ": not valid JSON at line 1, column 1\n"},
      {R"({"listen": 1, "MARKE": "MARKER"})", ": listen: expected a string\n" + config +
                                                  ": upstreams: at least one is required\n" +
                                                  config + ": MARKE: unknown key\n"},
      {R"({"upstreams": {"paynow": {"base_url": "MARKER", "api_key": {"env": "GATEWAY_TEST_KEY"}}}})",
       ": upstreams.paynow.base_url: must be http:// or https://, a host, and optionally a port "
       "and "
       "a path without a slash at the end\n"},
      {R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"env": "MARKER"}}}})",
       ": upstreams.paynow.api_key.env: there is no variable MARKER\n"},
      {R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"file": "MARKER"}}}})",
       ": upstreams.paynow.api_key.file: the key's file cannot be read\n"},
      {R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"file": "/no/key"}}}})",
       ": upstreams.paynow.api_key.file: /no/key cannot be read\n"},
      {R"({"upstreams": {"x": {"base_url": "https://h", "api_key": {"env": "GATEWAY_TEST_KEY"}}}})",
       ": upstreams.x: no proto has a provider of this name\n"},
  };
  for (const auto& row : kRows) {
    directory_.Write("g.json", row.text);
    const Ended checked = Run({"--config", config, "--check-config"});
    const Ended served = Run({"--config", config});
    EXPECT_EQ(checked.exit_code, 1);
    EXPECT_EQ(checked.err, config + row.error);
    EXPECT_EQ(checked.out, "");
    EXPECT_EQ(served.exit_code, 1);
    EXPECT_EQ(served.err, checked.err);
  }
}

// A read from a pipe does not end before somebody writes to the pipe. Each file that the
// configuration names may be a pipe by mistake.
TEST_F(ProcessTest, WaitsForNoPipeThatItIsToRead) {
  const std::string config = directory_.Path("g.json");
  const std::string pipe = directory_.Path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const std::string key = R"("api_key": {"env": "GATEWAY_TEST_KEY"})";
  const auto with = [&](const std::string& upstream, const std::string& rest) {
    return absl::StrCat(R"({"upstreams": {"paynow": {"base_url": "https://h", )", upstream, "}}",
                        rest, "}");
  };
  const auto file = [&](const char* name) {
    return absl::StrCat("\"", name, "\": \"", pipe, "\"");
  };
  const auto secret = [&] { return absl::StrCat("{", file("file"), "}"); };
  const struct {
    std::string place;
    std::string text;
  } kRows[] = {
      {"upstreams.paynow.api_key.file", with(absl::StrCat(R"("api_key": )", secret()), "")},
      {"upstreams.paynow.ca_file", with(absl::StrCat(key, ", ", file("ca_file")), "")},
      {"authorization.policy_file",
       with(key, absl::StrCat(R"(, "authorization": {)", file("policy_file"), "}"))},
      {"webhooks.providers.paynow.secrets.a.file",
       with(key, absl::StrCat(R"(, "webhooks": {"providers": {"paynow": {"secrets": {"a": )",
                              secret(), "}}}}"))},
      {"ledger.secret_file",
       with(key, absl::StrCat(R"(, "ledger": {"file": ")", directory_.Path("l/ledger.db"), "\", ",
                              file("secret_file"), "}"))},
  };
  for (const auto& row : kRows) {
    directory_.Write("g.json", row.text);
    const Ended checked = Run({"--config", config, "--check-config"});
    EXPECT_EQ(checked.exit_code, 1) << row.place;
    EXPECT_THAT(checked.err, AllOf(HasSubstr(row.place), HasSubstr("is no regular file")));
  }
  const Ended itself = Run({"--config", pipe, "--check-config"});
  EXPECT_EQ(itself.err, pipe + ": is no regular file\n");
}

TEST_F(ProcessTest, NeverShowsAKeyThatCannotBeUsed) {
  const Ended ended = Run({"--config", Config()}, "pnapi MARKER");
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("upstreams.paynow.api_key.env"), Not(HasSubstr("MARKER"))));
}

TEST_F(ProcessTest, NamesTheFileThatIsNotThere) {
  const Ended ended = Run({"--config", directory_.Path("none.json")});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(ended.err, directory_.Path("none.json") + ": cannot be read\n");
}

TEST_F(ProcessTest, PrintsItsReleaseItsCommitAndItsBuild) {
  const Ended ended = Run({"--version"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, testing::MatchesRegex("billing-gateway [0-9]+\\.[0-9]+\\.[0-9]+\n"
                                               "commit ([0-9a-f]{7,40}(-dirty)?|unknown)\n"
                                               "build [A-Za-z]+, [^\n]+\n"));
}

TEST_F(ProcessTest, PrintsEveryKeyAsARowOfATable) {
  const Ended ended = Run({"--config-keys"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, StartsWith("| key | default | meaning | a change needs |\n"));
  const std::vector<std::string> rows = absl::StrSplit(ended.out, '\n', absl::SkipEmpty());
  const auto keys = ConfigKeys();
  ASSERT_EQ(rows.size(), keys.size() + 2);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_THAT(rows[i + 2], AllOf(StartsWith(absl::StrCat("| `", keys[i].path, "` | ")),
                                   HasSubstr(keys[i].documentation)));
  }
}

// The configurations in deploy/ can be parsed; the keys that they name do not exist here.
TEST_F(ProcessTest, ShipsConfigurationsThatParse) {
  for (const char* name : {"config/sandbox.json", "config/production.json",
                           "kubernetes/overlays/sandbox/config.json"}) {
    EXPECT_EQ(LoadConfig(absl::StrCat(SOURCE_DIR, "/deploy/", name)).status(), absl::OkStatus());
  }
}

}  // namespace
}  // namespace gateway
