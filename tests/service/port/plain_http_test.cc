#include "service/port/plain_http.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "service/call/arrivals.h"
#include "service/port/probes.h"
#include "tests/service/no_descriptors.h"

namespace gateway {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr size_t kLarge = size_t{8} * 1024 * 1024;

void ConnectWith(int fd, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const timeval patience = {20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ConnectWith(fd, port);
  return fd;
}

std::string ReadAll(int fd) {
  std::string all;
  char bytes[65536];
  for (ssize_t size; (size = recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
    all.append(bytes, static_cast<size_t>(size));
  }
  close(fd);
  return all;
}

void Send(int fd, const std::string& bytes) {
  EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

class PlainHttpTest : public testing::Test {
 protected:
  PlainHttpTest() {
    auto created = PlainHttp::Create("127.0.0.1:0", [](absl::string_view path) {
      if (path == "/large") return PlainHttp::Answer{200, std::string(kLarge, 'x')};
      return path == "/ok" ? PlainHttp::Answer{200, "fine\n"} : PlainHttp::NotFound();
    });
    EXPECT_TRUE(created.ok()) << created.status();
    server_ = *std::move(created);
  }

  std::string Exchange(const std::string& bytes) const {
    const int fd = Connect(server_->port());
    Send(fd, bytes);
    return ReadAll(fd);
  }

  std::unique_ptr<PlainHttp> server_;
};

TEST_F(PlainHttpTest, AnswersAGetAndClosesTheConnection) {
  EXPECT_EQ(Exchange("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
            "Connection: close\r\n\r\nfine\n");
  EXPECT_THAT(Exchange("GET /ok?x=1 HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Exchange("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(PlainHttpTest, RefusesTheRest) {
  EXPECT_THAT(Exchange("POST /ok HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  for (const char* bad : {"GET /ok\r\n\r\n", "\r\n\r\n", "GET  /ok HTTP/1.1\r\n\r\n",
                          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    EXPECT_THAT(Exchange(bad), StartsWith("HTTP/1.1 400 ")) << bad;
  }
  EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\nX: " + std::string(PlainHttp::kMostBytes, 'x')),
              StartsWith("HTTP/1.1 431 "));
}

TEST_F(PlainHttpTest, TakesARequestInPieces) {
  const int fd = Connect(server_->port());
  for (const char c : std::string("GET /ok HTTP/1.1\r\n\r\n")) Send(fd, std::string(1, c));
  EXPECT_THAT(ReadAll(fd), EndsWith("\r\n\r\nfine\n"));
}

TEST_F(PlainHttpTest, GivesALargeAnswerToOneWhoReadsLate) {
  const int slow = Connect(server_->port());
  Send(slow, "GET /large HTTP/1.1\r\n\r\n");
  EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\n\r\n"), HasSubstr("fine"));  // does not wait for `slow`
  EXPECT_EQ(ReadAll(slow).substr(0, 15), "HTTP/1.1 200 OK");
}

// If there are too many connections, the server closes the oldest.
TEST_F(PlainHttpTest, ServesBesideAnyNumberOfSilentConnections) {
  std::vector<int> silent;
  for (size_t i = 0; i < 3 * PlainHttp::kMost; ++i) silent.push_back(Connect(server_->port()));
  EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\n\r\n"), HasSubstr("fine"));
  char byte;
  EXPECT_EQ(recv(silent.front(), &byte, 1, 0), 0);
  for (const int fd : silent) close(fd);
}

TEST(PlainHttp, SaysWhereItCannotListen) {
  for (const char* bad : {"", "nowhere", "256.0.0.1:0", "127.0.0.1:http/x"}) {
    EXPECT_EQ(PlainHttp::Create(bad, [](absl::string_view) { return PlainHttp::NotFound(); })
                  .status()
                  .code(),
              absl::StatusCode::kUnavailable)
        << bad;
  }
}

TEST(ProbesTest, TellsWhatHealthSays) {
  Arrivals arrivals({});
  HealthService health(arrivals);
  health.Set("", true);
  health.Set("paynow", false);
  EXPECT_EQ(AnswerProbe("/healthz", health).status, 200);
  EXPECT_EQ(AnswerProbe("/readyz", health).status, 200);
  EXPECT_EQ(AnswerProbe("/readyz/paynow", health).status, 503);
  for (const char* path : {"/readyz/nobody", "/readyzz", "/", "/metrics", ""}) {
    EXPECT_EQ(AnswerProbe(path, health).status, 404) << path;
  }
  health.Set("", false);
  EXPECT_EQ(AnswerProbe("/readyz", health).status, 503);
  EXPECT_EQ(AnswerProbe("/healthz", health).status, 200);
}

// A connection that waits while no descriptor is left keeps no processor busy, and is answered
// later.
TEST_F(PlainHttpTest, RestsWhileNoDescriptorIsLeft) {
  constexpr std::chrono::milliseconds kAWhile{300};
  const auto used = [] {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  {
    const NoDescriptors none;
    ConnectWith(client, server_->port());
    Send(client, "GET /ok HTTP/1.1\r\n\r\n");
    const auto before = used();
    std::this_thread::sleep_for(kAWhile);
    EXPECT_LT(used() - before, kAWhile / 3);
  }
  EXPECT_THAT(ReadAll(client), EndsWith("fine\n"));
}

}  // namespace
}  // namespace gateway
