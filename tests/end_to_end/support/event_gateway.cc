#include "tests/end_to_end/support/event_gateway.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr char kSecret[] = "whsec_of_the_test";
constexpr time_t kPatienceSeconds = 10;

// Returns the first bytes of the answer; "" if none arrive within kPatienceSeconds.
std::string Exchange(int port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience = {kPatienceSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  std::string answer;
  char buffer[512];
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    const ssize_t size = recv(fd, buffer, sizeof(buffer), 0);
    if (size > 0) answer.assign(buffer, static_cast<size_t>(size));
  }
  close(fd);
  return answer;
}

}  // namespace

EventGateway::EventGateway(const json& subscriptions, const std::string& dsn, const json& forward) {
  json config = {
      {"listen", "127.0.0.1:0"},
      {"webhooks",
       {{"listen", "127.0.0.1:0"},
        {"max_failures_per_second", 0},
        {"providers",
         {{"paynow", {{"secrets", {{"a", {{"file", directory_.Write("s", kSecret)}}}}}}}}}}}};
  if (dsn.empty()) {
    config["events"] = {{"file", directory_.Path("events/events.db")}};
  } else {
    config["events"] = {{"postgresql", {{"dsn_file", directory_.Write("dsn", dsn)}}},
                        {"body_key_file", directory_.Write("body-key", std::string(32, 'b'))}};
  }
  config["events"]["subscriptions"] = subscriptions;
  config["events"]["forward"] = forward;
  config["upstreams"]["paynow"] = {{"base_url", "http://127.0.0.1:1"},
                                   {"api_key", {{"file", directory_.Write("key", "k")}}}};
  config_ = directory_.Write("config.json", config.dump());
}

void EventGateway::Start() {
  child_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{std::string(BUILD_DIR) + "/billing-gateway", "--config", config_});
  const json receiving = json::parse(child_->WaitForLine("\"receiving webhooks\""), nullptr, false);
  ASSERT_TRUE(receiving.is_object()) << child_->err();
  const json serving = json::parse(child_->WaitForLine("\"serving\""), nullptr, false);
  ASSERT_TRUE(serving.is_object()) << child_->err();
  webhooks_port_ = receiving.at("port").get<int>();
  port_ = serving.at("port").get<int>();
  const std::lock_guard lock(mutex_);
  channel_ =
      OwnChannel(absl::StrCat("127.0.0.1:", port_.load()), grpc::InsecureChannelCredentials());
}

void EventGateway::Kill() {
  child_->Signal(SIGKILL);
  child_->Wait();
}

void EventGateway::Hold() {
  child_->Signal(SIGSTOP);
  siginfo_t stopped = {};
  // The threads of a process stop one after another. waitid returns when all of them have stopped.
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child_->pid()), &stopped, WSTOPPED | WNOWAIT), 0);
}

int EventGateway::Deliver(const std::string& id, bool forged) const {
  const std::string body = json{{"event_type", "ON_REFUND"},
                                {"event_id", id},
                                {"body", {{"id", "1"}, {"order_id", id}, {"store_id", "2"}}}}
                               .dump();
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
  const std::string signature = webhooks::Base64Text(
      webhooks::Hmac(forged ? "a forger's" : kSecret, absl::StrCat(timestamp, ".", body)));
  const std::string answer =
      Exchange(webhooks_port_,
               absl::StrCat("POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                            "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ", signature,
                            "\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  return absl::StartsWith(answer, "HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
}

RpcAnswer EventGateway::Call(const std::string& rpc, const json& request,
                             std::chrono::milliseconds deadline) const {
  RpcOptions options;
  options.deadline = deadline;
  {
    const std::lock_guard lock(mutex_);
    options.channel = channel_;
  }
  return CallRpc(absl::StrCat("127.0.0.1:", port_.load()),
                 absl::StrCat("gateway.events.v1.EventService/", rpc), request.dump(), options);
}

}  // namespace gateway
