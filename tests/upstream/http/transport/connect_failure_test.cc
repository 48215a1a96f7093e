// Requests that never get a connection: nothing of them is sent.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {
namespace {

// A port of 127.0.0.1 that is bound and refuses connections until Listen.
class Port {
 public:
  Port() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~Port() {
    for (int fd : fillers_) close(fd);
    close(fd_);
  }

  std::string Url(absl::string_view scheme) const {
    return absl::StrCat(scheme, "://127.0.0.1:", ntohs(address_.sin_port), "/");
  }

  // From now on connecting never completes: nobody accepts, and the accept queue is full.
  void SwallowConnections() {
    EXPECT_EQ(listen(fd_, 0), 0);
    for (int i = 0; i < 4; ++i) {
      fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      (void)connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address_),
                    sizeof(address_));
    }
  }

 private:
  const int fd_;
  sockaddr_in address_{};
  std::vector<int> fillers_;
};

Options ShortConnectTimeout() {
  Options options;
  options.connect_timeout = absl::Milliseconds(200);
  return options;
}

TEST(ConnectFailureTest, Refused) {
  Port port;
  auto transport = MakeTransport(port.Url("http"));
  const Awaited call = Call(*transport, Post(port.Url("http"), "{}"));
  EXPECT_EQ(Summary(call), "connect, not sent");
  EXPECT_NE(call.GetError().message.find("Failed to connect"), std::string::npos)
      << call.GetError().message;
}

TEST(ConnectFailureTest, NoAnswerWithinTheConnectTimeout) {
  Port port;
  port.SwallowConnections();
  auto transport = MakeTransport(port.Url("http"), ShortConnectTimeout());
  const SteadyTime start = SteadyTime::Now();
  EXPECT_EQ(Summary(Call(*transport, Post(port.Url("http"), "{}"))), "connect, not sent");
  EXPECT_GE(SteadyTime::Now() - start, absl::Milliseconds(200));
}

TEST(ConnectFailureTest, TheDeadlineMayComeFirst) {
  Port port;
  port.SwallowConnections();
  auto transport = MakeTransport(port.Url("http"));
  const Awaited call =
      Call(*transport, WithDeadline(Post(port.Url("http"), "{}"), absl::Milliseconds(50)));
  EXPECT_EQ(Summary(call), "deadline, not sent");
}

TEST(ConnectFailureTest, TheTlsHandshakeStalls) {
  ScriptedServer server({{Step::Stall()}});
  std::string url = server.Url("/");
  url.replace(0, 4, "https");
  auto transport = MakeTransport(url, ShortConnectTimeout());
  EXPECT_EQ(Summary(Call(*transport, Post(url, "{}"))), "connect, not sent");
  EXPECT_EQ(server.connections(), 1);
}

TEST(ConnectFailureTest, TheServerSpeaksNoTls) {
  Step step = Step::Raw("HTTP/1.1 400 Bad Request\r\n\r\n", Step::End::kClose);
  step.read = Step::Read::kNothing;
  ScriptedServer server({{step}});
  std::string url = server.Url("/");
  url.replace(0, 4, "https");
  auto transport = MakeTransport(url);
  EXPECT_EQ(Summary(Call(*transport, Post(url, "{}"))), "tls, not sent");
}

// Connections are made in parallel: 40 calls must not wait one after the other.
TEST(ConnectFailureTest, CallsThatWaitForConnectionsFailTogether) {
  ScriptedServer server({{Step::Stall()}});
  std::string url = server.Url("/");
  url.replace(0, 4, "https");
  // Only a few authorities, because reading the system's takes longer than everything else here.
  Options options = TrustingOptions();
  options.connect_timeout = absl::Seconds(1);
  auto transport = MakeTransport(url, options);
  std::vector<Awaited> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(Start(*transport, Post(url, "{}")));
  for (const Awaited& call : calls) EXPECT_EQ(Summary(call), "connect, not sent");
  EXPECT_GE(server.most_held(), 20);
}

TEST(ConnectFailureTest, AFreshConnectionThatIsClosedAtOnceIsNotTriedForEver) {
  ScriptedServer server({{Step::CloseAtOnce()}});
  auto transport = MakeTransport(server);
  // It is a race whether the close is seen before the request is written. Only `sent` may differ.
  const Awaited call = Call(*transport, Post(server.Url("/"), "{}"));
  EXPECT_EQ(call.GetError().kind, Error::Kind::kBroken);
  EXPECT_EQ(server.executions(), 0);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace gateway::http
