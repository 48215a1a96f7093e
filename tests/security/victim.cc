#include "tests/security/victim.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "google/rpc/status.pb.h"
#include "tests/security/raw_tcp.h"

namespace gateway::security {
namespace {

using http::ScriptedServer;
using http::Step;
using nlohmann::json;

void Require(bool fine, const std::string& what) {
  if (fine) return;
  std::cerr << what << "\n";
  std::abort();
}

std::string Secret(const std::string& name) { return absl::StrCat(kMarker, "/", name); }

std::string Read(const std::string& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

Victim::Victim() {
  upstream_ = std::make_unique<ScriptedServer>(
      http::Answers{.on_request = [this](const http::Received& request) {
        std::function<Step(const http::Received&)> react;
        {
          const std::lock_guard lock(mutex_);
          react = react_;
        }
        return react ? react(request) : Step::Reply("[]");
      }});
  policy_ = {{"rules",
              {{"shop",
                {{"spiffe", {"spiffe://example/shop"}},
                 {"methods", {"read", kGetOrders, "paynow.management.v1.CouponsService/*"}},
                 {"stores", {kStoreA}}}},
               {"root", {{"spiffe", {"spiffe://example/root"}}, {"methods", {"*"}}}},
               {"desk", {{"subjects", {"desk"}}, {"methods", {kRefund}}, {"stores", {kStoreB}}}}}}};
  shop_options_ = As(&shop_);
  root_options_ = As(&root_);
  stranger_options_ = As(&stranger_);
  metrics_port_ = FreePort();
  webhooks_port_ = FreePort();
  Start();
  for (RpcOptions* options : {&shop_options_, &root_options_, &stranger_options_}) {
    options->channel = OwnChannel(address(), options->credentials);
  }
}

Victim::~Victim() {
  if (!ended_.valid()) return;
  child_->SignalGroup(SIGKILL);
  ended_.get();
}

std::string Victim::WriteConfig() {
  const auto secret = [this](const std::string& name) {
    const std::string file = directory_.Write(name, Secret(name));
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    return json{{"file", file}};
  };
  const Identity server = servers_.Issue({});
  const json paynow = {{"base_url", upstream_->Url("")},
                       {"default_store", kStoreA},
                       {"api_key", secret("default-key")},
                       {"stores", {{kStoreB, {{"api_key", secret("key-of-b")}}}}},
                       {"pool", {{"max_body_bytes", 4 * 1024 * 1024}}},
                       {"breaker", {{"min_calls", 1'000'000}}},
                       {"retry", {{"max_attempts", 1}}}};
  json other = paynow;
  other.erase("stores");
  other.erase("default_store");
  return directory_.Write(
      "gateway.json",
      json{{"listen", "127.0.0.1:0"},
           {"metrics", {{"listen", absl::StrCat("127.0.0.1:", metrics_port_)}}},
           {"audit", {{"file", directory_.Path("audit")}}},
           {"logging", {{"access_sample_ratio", 1.0}}},
           {"tracing",
            {{"file", directory_.Path("spans")},
             {"sample_ratio", 1.0},
             {"max_file_bytes", 1024 * 1024 * 1024}}},
           {"server",
            {{"tls",
              {{"certificate_file", server.certificate_file},
               {"key_file", server.key_file},
               {"client_ca_file",
                directory_.Write("client-cas", clients_.certificate() + partners_.certificate())},
               {"trust_domains",
                {{"example", {{"ca_file", clients_.file()}}},
                 {"partner", {{"ca_file", partners_.file()}}}}}}},
             {"max_connections", kMaxConnections},
             {"handshake_timeout", "2s"},
             {"message_timeout", "2s"},
             {"health_listen", "127.0.0.1:0"}}},
           {"authorization",
            {{"policy_file", directory_.Write("policy.json", policy_.dump())},
             {"jwt",
              {{"jwks_file", directory_.Write("jwks.json", KeySetOf({&key_}).dump())},
               {"issuer", "issuer"},
               {"audience", "billing-gateway"}}}}},
           {"events",
            {{"file", directory_.Path("events/events.db")}, {"max_bytes", kMaxEventBytes}}},
           {"webhooks",
            {{"listen", absl::StrCat("127.0.0.1:", webhooks_port_)},
             {"max_body_bytes", kMaxWebhookBytes},
             {"request_timeout", "1s"},
             {"max_failures_per_second", 0},
             {"providers",
              {{"paynow", {{"secrets", {{"s", secret("webhook")}}}}},
               {"qashier", {{"allow_unsigned", true}}}}}}},
           {"upstreams",
            {{"paynow", paynow},
             {"paymentkit", other},
             {"qashier", other},
             {"convergegate", other}}}}
          .dump());
}

void Victim::Start() {
  child_ =
      std::make_unique<ChildProcess>(std::vector<std::string>{GATEWAY, "--config", WriteConfig()});
  const auto port_in = [this](const char* event) {
    const json line = json::parse(child_->WaitForLine(event), nullptr, false);
    Require(line.is_object(), "the gateway does not start: " + child_->err());
    return line.value("port", 0);
  };
  health_port_ = port_in("\"answering health checks\"");
  port_ = port_in("\"serving\"");
  ended_ = std::async(std::launch::async, [this] {
    int code;
    do {
      code = child_->Wait();
    } while (code == ChildProcess::kDoesNotEnd);
    return code;
  });
}

void Victim::React(std::function<Step(const http::Received&)> react) {
  const std::lock_guard lock(mutex_);
  react_ = std::move(react);
}

RpcOptions Victim::As(const Identity* identity) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = servers_.certificate();
  if (identity != nullptr) {
    options.pem_private_key = identity->key;
    options.pem_cert_chain = identity->certificate;
  }
  return {.credentials = grpc::SslCredentials(options)};
}

RpcOptions Victim::WithToken(const std::string& token) const {
  RpcOptions options = stranger_options_;
  options.metadata = {{"authorization", absl::StrCat("Bearer ", token)}};
  return options;
}

void Victim::ApplyPolicy() {
  const auto applied = [this] {
    const std::string text = Metrics();
    const std::string name = "\ngateway_reloads_total{result=\"applied\"} ";
    const size_t at = text.find(name);
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + name.size());
  };
  const int before = applied();
  const std::string fresh = directory_.Write("policy.fresh", policy_.dump());
  std::filesystem::rename(fresh, directory_.Path("policy.json"));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (applied() == before && absl::Now() < end) absl::SleepFor(absl::Milliseconds(1));
  Require(applied() == before + 1, "the policy is not taken up");
}

std::string Victim::Metrics() const {
  return Exchange(metrics_port_, "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
}

size_t Victim::PeakMemory() {
  std::ifstream status(absl::StrCat("/proc/", pid(), "/status"));
  for (std::string line; std::getline(status, line);) {
    if (!absl::StartsWith(line, "VmHWM:")) continue;
    // The kernel adds up the counters of the processors only from time to time, so the reported
    // value may also fall a little.
    peak_memory_ = std::max<size_t>(peak_memory_, std::stoul(line.substr(6)) * 1024);
    return peak_memory_;
  }
  Require(false, "no VmHWM");
  return 0;
}

size_t Victim::EventBytes() const {
  size_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory_.Path("events"))) {
    bytes += file.file_size();
  }
  return bytes;
}

std::string Victim::Audit() const { return Read(directory_.Path("audit")); }

bool Victim::Audits(const std::string& caller, const std::string& method) const {
  const std::string found = absl::StrCat("\"caller\":\"", caller, "\",\"method\":\"", method, "\"");
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!absl::StrContains(Audit(), found)) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

std::string Victim::Transcript() const {
  std::string all;
  for (const http::Received& request : upstream_->received()) {
    absl::StrAppend(&all, request.target, "\n", request.body, "\n");
    for (const absl::string_view line : absl::StrSplit(request.head, "\r\n")) {
      if (!absl::StartsWithIgnoreCase(line, "authorization:")) absl::StrAppend(&all, line, "\n");
    }
  }
  return all;
}

std::string Victim::Stop() {
  child_->Signal(SIGTERM);
  EXPECT_EQ(ended_.get(), 0);
  return absl::StrCat(child_->out(), child_->err(), Read(directory_.Path("audit")),
                      Read(directory_.Path("spans")));
}

Victim* AttackTest::victim_ = nullptr;

void AttackTest::SetUpTestSuite() { victim_ = new Victim; }

void AttackTest::TearDownTestSuite() {
  const std::string metrics = victim_->Metrics();
  const std::string written = victim_->Stop();
  for (const absl::string_view line : absl::StrSplit(written, '\n', absl::SkipEmpty())) {
    EXPECT_EQ(line.front(), '{') << "a library has written what is no line of the log: " << line;
  }
  EXPECT_FALSE(absl::StrContains(victim_->Transcript(), kMarker)) << "a secret was sent elsewhere";
  EXPECT_FALSE(absl::StrContains(metrics, kMarker)) << "a metric holds a secret";
  EXPECT_FALSE(absl::StrContains(written, kMarker)) << "a log holds a secret";
  EXPECT_FALSE(absl::StrContains(written, kSensitive)) << "a log holds a sensitive field";
  EXPECT_TRUE(absl::StrContains(written, "resourceSpans")) << "there are no traces";
  EXPECT_TRUE(absl::StrContains(written, "\"event\":\"stopped\"")) << "there is no log at all";
  delete victim_;
  victim_ = nullptr;
}

void AttackTest::SetUp() { arrived_before_ = victim_->upstream().executions(); }

void AttackTest::TearDown() {
  victim_->React(nullptr);
  const grpc::Status honest = Call(kGetOrders, "{}", victim_->Shop()).status;
  EXPECT_TRUE(honest.ok()) << "an honest caller is not served: " << honest.error_message();
}

google::rpc::ErrorInfo AttackTest::InfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (details.ParseFromString(status.error_details()) && !details.details().empty()) {
    details.details(0).UnpackTo(&info);
  }
  return info;
}

void AttackTest::ExpectRefused(const grpc::Status& status, grpc::StatusCode code,
                               const std::string& reason) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  const google::rpc::ErrorInfo info = InfoOf(status);
  EXPECT_EQ(info.reason(), reason);
  EXPECT_EQ(info.domain(), "billing-gateway");
  const auto outcome = info.metadata().find("outcome");
  EXPECT_TRUE(outcome != info.metadata().end() && outcome->second == "not_sent");
  EXPECT_EQ(Arrived(), 0) << "something reached the upstream";
  EXPECT_FALSE(absl::StrContains(status.error_message() + status.error_details(), kMarker));
  Saw(absl::StrCat(code == grpc::StatusCode::UNAUTHENTICATED ? "UNAUTHENTICATED" : "refused", " ",
                   reason));
}

void AttackTest::ExpectNoConnection(const grpc::Status& status) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  EXPECT_EQ(status.error_details(), "");
  EXPECT_EQ(Arrived(), 0) << "something reached the upstream";
  Saw("no connection");
}

}  // namespace gateway::security
