// Faults before a connection exists: nothing of the request is ever sent.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/faults/bench.h"
#include "tests/upstream/http/scripted_server.h"

namespace gateway::faults {
namespace {

using absl::StatusCode;
using http::TestCertificate;

// A local port without a server: connections to it are refused, or, on demand, never answered.
class DeadPort {
 public:
  DeadPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~DeadPort() {
    for (const int fd : fillers_) close(fd);
    close(fd_);
  }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;

  std::string Url(Wire wire) const {
    return absl::StrCat(wire == Wire::kPlain ? "http" : "https",
                        "://127.0.0.1:", ntohs(address_.sin_port));
  }

  // Nobody accepts and the accept queue is full, so the kernel drops further connections.
  void SwallowConnections() {
    EXPECT_EQ(listen(fd_, 0), 0);
    for (int i = 0; i < 4; ++i) {
      fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      (void)connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address_),
                    sizeof(address_));
    }
  }

 private:
  const int fd_;
  sockaddr_in address_{};
  std::vector<int> fillers_;
};

class ConnectFaults : public WireBench {
 protected:
  // Makes one call of each kind. Expects of each the same number of attempts, and that nothing was
  // sent.
  void ExpectNeverSent(const std::string& reason, const std::string& result, int attempts) {
    for (const Operation& operation : {Read(), Refund(), Delete()}) {
      const Seen seen = Call(operation);
      ExpectSeen(seen, StatusCode::kUnavailable, "not_sent", reason);
      EXPECT_EQ(seen.attempts, attempts);
    }
    ExpectAttempts("read", {{result, attempts}});
    ExpectAttempts("write", {{result, 2 * attempts}});
    ExpectMetric("gateway_upstream_retries_total", {}, 3 * (attempts - 1));
    ExpectMetric("gateway_upstream_outcome_unknown_total", {}, 0);
  }
};

TEST_P(ConnectFaults, Case1ConnectionRefused) {
  const DeadPort port;
  ServeUrl(port.Url(wire()));
  ExpectNeverSent("UPSTREAM_NOT_CONNECTED", "connect", 3);
  // Retries stay within the budget: if it is exhausted, the first failure is the answer.
  upstream_config().options.retry_budget = {.share = 0, .floor = 1};
  ServeUrl(port.Url(wire()));
  EXPECT_EQ(Call(Refund()).attempts, 2);
  EXPECT_EQ(Call(Refund()).attempts, 1);
  ExpectMetric("gateway_upstream_retries_total", {}, 1);
  ExpectMetric("gateway_upstream_retries_over_budget_total", {}, 2);
}

TEST_P(ConnectFaults, Case2SynBlackhole) {
  DeadPort port;
  port.SwallowConnections();
  upstream_config().pool.connect_timeout = absl::Milliseconds(100);
  ServeUrl(port.Url(wire()));
  ExpectNeverSent("UPSTREAM_NOT_CONNECTED", "connect", 3);
}

TEST_P(ConnectFaults, Case7TlsHandshakeStalls) {
  if (wire() == Wire::kPlain) return NotProduced("without TLS there is no handshake; see tls");
  const http::ScriptedServer server({{http::Step::Stall()}});
  upstream_config().pool.connect_timeout = absl::Milliseconds(100);
  ServeUrl(absl::StrCat("https://127.0.0.1:", server.port()));
  ExpectNeverSent("UPSTREAM_NOT_CONNECTED", "connect", 3);
  EXPECT_EQ(server.connections(), 9);
  EXPECT_EQ(server.executions(), 0);
}

TEST_P(ConnectFaults, Case6BadCertificate) {
  if (wire() == Wire::kPlain) return NotProduced("without TLS there is no certificate; see tls");
  const TestCertificate good;
  const TestCertificate unknown;
  const TestCertificate expired({.valid_days = -1});
  const TestCertificate other_name({.subject_alternative_name = "DNS:other.example"});
  const std::pair<const TestCertificate*, const TestCertificate*> faults[] = {
      {&unknown, &good}, {&expired, &expired}, {&other_name, &other_name}};
  for (const auto& [served, trusted] : faults) {
    const http::ScriptedServer server({{http::Step::Reply(R"({"id": "1"})")}},
                                      {.host = "127.0.0.1", .port = 0, .certificate = served});
    ServeUrl(absl::StrCat("https://localhost:", server.port()), trusted->ca_file());
    ExpectNeverSent("UPSTREAM_TLS_FAILED", "tls", 1);
    EXPECT_EQ(server.executions(), 0);
    EXPECT_EQ(server.connections(), 3);
    Finish();
  }
}

INSTANTIATE_TEST_SUITE_P(, ConnectFaults, BothWires(), WireName);

}  // namespace
}  // namespace gateway::faults
