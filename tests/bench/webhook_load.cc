// Sends signed webhooks of PayNow, each with its own id, over connections that stay open. Each
// connection sends its next webhook after the answer to the last one. PER_SECOND limits the rate of
// all connections together.
//
//   webhook_load PORT SECRET DELIVERIES CONNECTIONS [FIRST_ID [PER_SECOND]]
//
// Prints a line of JSON: deliveries per second, and percentiles of the time to the answer in
// microseconds. Exits with 1 if a delivery was not answered with 204.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/webhooks/signer.h"

namespace gateway::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char kAnswer[] = "HTTP/1.1 204 No Content\r\n\r\n";
// Bytes of padding that make the body about as long as the body of a PayNow refund.
constexpr size_t kPadding = 1200;

struct Load {
  int port = 0;
  std::string secret;
  int64_t deliveries = 0;
  int64_t connections = 0;
  int64_t first_id = 0;
  int64_t per_second = 0;  // 0: no limit
};

struct Connection {
  int fd = -1;
  Clock::time_point begun;
  std::string answer;
};

std::string RequestOf(const Load& load, int64_t id) {
  const std::string body = absl::StrCat(
      R"({"event_type":"ON_REFUND","event_id":")", load.first_id + id,
      R"(","body":{"id":"1","order_id":")", load.first_id + id,
      R"(","store_id":"411486491630370816","note":")", std::string(kPadding, 'x'), "\"}}");
  const std::string timestamp = absl::StrCat(absl::ToUnixMillis(absl::Now()));
  return absl::StrCat(
      "POST /webhooks/paynow HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n",
      "PayNow-Timestamp: ", timestamp, "\r\nPayNow-Signature: ",
      webhooks::Base64Text(webhooks::Hmac(load.secret, absl::StrCat(timestamp, ".", body))),
      "\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return fd;
  std::perror("connect");
  std::exit(1);
}

class Run {
 public:
  explicit Run(const Load& load) : load_(load), poll_(epoll_create1(EPOLL_CLOEXEC)) {
    connections_.resize(static_cast<size_t>(std::min(load.connections, load.deliveries)));
  }

  // Returns false if a delivery was not accepted.
  bool Make() {
    for (size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = Connect(load_.port);
      epoll_event event = {.events = EPOLLIN, .data = {.u64 = i}};
      epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[i].fd, &event);
      if (!Send(connections_[i])) return false;
    }
    while (took_.size() < static_cast<size_t>(load_.deliveries)) {
      epoll_event events[64];
      const int count = epoll_wait(poll_, events, 64, 30'000);
      if (count <= 0) return Fail("no answer");
      for (int i = 0; i < count; ++i) {
        if (!Receive(connections_[events[i].data.u64])) return false;
      }
    }
    Print(std::chrono::duration<double>(Clock::now() - begun_).count());
    return true;
  }

 private:
  static bool Fail(const char* why) {
    std::fprintf(stderr, "%s\n", why);
    return false;
  }

  bool Send(Connection& connection) {
    if (sent_ == load_.deliveries) return true;
    if (load_.per_second > 0) {
      std::this_thread::sleep_until(
          begun_ + std::chrono::microseconds(1'000'000 * sent_ / load_.per_second));
    }
    const std::string request = RequestOf(load_, sent_++);
    connection.answer.clear();
    connection.begun = Clock::now();
    const ssize_t size = send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
    return size == static_cast<ssize_t>(request.size()) || Fail("send");
  }

  bool Receive(Connection& connection) {
    char buffer[256];
    const ssize_t size = recv(connection.fd, buffer, sizeof(buffer), 0);
    if (size <= 0) return Fail("the connection ended");
    connection.answer.append(buffer, static_cast<size_t>(size));
    if (connection.answer.size() < sizeof(kAnswer) - 1) return true;
    if (connection.answer != kAnswer) return Fail(connection.answer.c_str());
    took_.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - connection.begun).count());
    return Send(connection);
  }

  void Print(double seconds) {
    std::sort(took_.begin(), took_.end());
    const auto percentile = [this](double part) {
      return took_[static_cast<size_t>(part * static_cast<double>(took_.size() - 1))];
    };
    std::printf(
        "{\"deliveries_per_second\": %.1f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f}\n",
        static_cast<double>(took_.size()) / seconds, percentile(0.5), percentile(0.99),
        took_.back());
  }

  const Load& load_;
  const int poll_;
  const Clock::time_point begun_ = Clock::now();
  std::vector<Connection> connections_;
  int64_t sent_ = 0;
  std::vector<double> took_;  // microseconds
};

}  // namespace
}  // namespace gateway::bench

int main(int argc, char** argv) {
  gateway::bench::Load load;
  const bool good =
      argc >= 5 && argc <= 7 && absl::SimpleAtoi(argv[1], &load.port) &&
      absl::SimpleAtoi(argv[3], &load.deliveries) && load.deliveries > 0 &&
      absl::SimpleAtoi(argv[4], &load.connections) && load.connections > 0 &&
      (argc < 6 || absl::SimpleAtoi(argv[5], &load.first_id)) &&
      (argc < 7 || (absl::SimpleAtoi(argv[6], &load.per_second) && load.per_second > 0));
  if (!good) {
    std::fprintf(stderr,
                 "webhook_load PORT SECRET DELIVERIES CONNECTIONS [FIRST_ID [PER_SECOND]]\n");
    return 2;
  }
  load.secret = argv[2];
  return gateway::bench::Run(load).Make() ? 0 : 1;
}
