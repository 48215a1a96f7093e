#include "service/port/guard/lingering_close.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>
#include <memory>
#include <string>

#include "tests/service/no_descriptors.h"
#include "upstream/steady_time.h"

namespace gateway {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// A server's connection to a client whose receive buffer is small.
class LingeringCloseTest : public testing::Test {
 protected:
  LingeringCloseTest() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener, 1);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    client_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int little = 4096;
    setsockopt(client_, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little));
    EXPECT_EQ(connect(client_, reinterpret_cast<sockaddr*>(&address), size), 0);
    server_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    close(listener);
  }
  ~LingeringCloseTest() override { close(client_); }

  // Sends as much as the kernel accepts while the client does not read. Returns the number of
  // bytes.
  size_t Answer() const {
    const std::string piece(64 << 10, 'a');
    size_t written = 0;
    while (true) {
      const ssize_t size = send(server_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (size < 0) return written;
      written += static_cast<size_t>(size);
    }
  }

  void Ping() const { send(client_, "ping", 4, MSG_NOSIGNAL); }

  // Closes the server's socket as gRPC does.
  int Close() const {
    const int done = shutdown(server_, SHUT_RDWR);
    close(server_);
    return done;
  }

  // Reads at the client until the connection ends or fails, and sends a ping after each read.
  // Returns the number of bytes.
  size_t Listen() const {
    size_t bytes = 0;
    std::array<char, 8192> buffer;
    while (true) {
      const ssize_t size = recv(client_, buffer.data(), buffer.size(), 0);
      if (size <= 0) return bytes;
      bytes += static_cast<size_t>(size);
      Ping();
    }
  }

  int port_ = 0;
  int client_ = -1;
  int server_ = -1;
};

// gRPC is a shared library. If it called the shutdown() of libc, no connection would linger.
TEST(Shutdown, IsThisProgramsForLibrariesToo) {
  void* const seen_by_libraries = dlsym(RTLD_DEFAULT, "shutdown");
  ASSERT_NE(seen_by_libraries, nullptr);
  Dl_info theirs;
  Dl_info ours;
  ASSERT_NE(dladdr(seen_by_libraries, &theirs), 0);
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&LingeringClose::Take), &ours), 0);
  EXPECT_STREQ(theirs.dli_fname, ours.dli_fname);
}

TEST_F(LingeringCloseTest, AllThatWasAnsweredArrives) {
  LingeringClose lingering({port_});
  const size_t answered = Answer();
  Ping();
  EXPECT_EQ(Close(), 0);
  EXPECT_EQ(Listen(), answered);
}

// Shows why the class is needed: without it, a ping cuts the answer off. If this test fails, the
// kernel has changed.
TEST_F(LingeringCloseTest, OnOtherPortsAPingCutsTheAnswerOff) {
  LingeringClose lingering({port_ == 1 ? 2 : 1});
  const size_t answered = Answer();
  Ping();
  EXPECT_EQ(Close(), 0);
  EXPECT_LT(Listen(), answered);
}

TEST_F(LingeringCloseTest, AStopWaitsForTheCallerToHaveTheAnswer) {
  LingeringClose lingering({port_});
  const size_t answered = Answer();
  Close();
  const SteadyTime begin = SteadyTime::Now();
  lingering.AwaitSent(begin + absl::Milliseconds(20));
  EXPECT_GE(SteadyTime::Now() - begin, absl::Milliseconds(20)) << "nobody has read it";
  auto heard = std::async(std::launch::async, [&] { return Listen(); });
  lingering.AwaitSent(begin + kPatience);
  EXPECT_LT(SteadyTime::Now() - begin, kPatience);
  EXPECT_EQ(heard.get(), answered);
}

TEST_F(LingeringCloseTest, WithoutAnAnswerUnderWayNothingLingers) {
  LingeringClose lingering({port_});
  Ping();
  EXPECT_FALSE(LingeringClose::Take(server_));
  EXPECT_EQ(Close(), 0);
  EXPECT_EQ(Listen(), 0u);
}

TEST_F(LingeringCloseTest, WhoeverIsThrownOutIsNotHeardAnyMore) {
  LingeringClose lingering({port_});
  Answer();
  LingeringClose::ThrowOut(server_);
  char byte;
  EXPECT_EQ(recv(server_, &byte, 1, 0), 0);
  close(server_);
}

TEST_F(LingeringCloseTest, EndsAlsoIfNoDescriptorWasLeftForIt) {
  std::unique_ptr<LingeringClose> lingering;
  {
    const NoDescriptors none;
    lingering = std::make_unique<LingeringClose>(std::set<int>{port_});
  }
  const size_t answered = Answer();
  Ping();
  Close();
  EXPECT_EQ(Listen(), answered);
  lingering = nullptr;
}

TEST_F(LingeringCloseTest, TheEndOfTheServerIsTheEndOfAll) {
  auto lingering = std::make_unique<LingeringClose>(std::set<int>{port_});
  const size_t answered = Answer();
  Ping();
  Close();
  lingering = nullptr;
  EXPECT_LT(Listen(), answered);
}

}  // namespace
}  // namespace gateway
