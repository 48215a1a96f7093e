// A TCP connection that sends exactly the given bytes.
//
// For one thread.
#ifndef TESTS_UPSTREAM_SANDBOX_RAW_H_
#define TESTS_UPSTREAM_SANDBOX_RAW_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "absl/strings/match.h"

namespace gateway::sandbox {

class Raw {
 public:
  explicit Raw(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~Raw() { ::close(socket_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  void Say(const std::string& bytes) {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void EndSaying() { ::shutdown(socket_, SHUT_WR); }

  // Returns the bytes received until `last` has arrived or the connection has ended.
  std::string Hear(const std::string& last = "") {
    std::string heard;
    char buffer[4096];
    while (last.empty() || !absl::StrContains(heard, last)) {
      const ssize_t count = ::recv(socket_, buffer, sizeof(buffer), 0);
      ended_by_reset_ = count < 0 && errno == ECONNRESET;
      if (count <= 0) break;
      ++pieces_;
      heard.append(buffer, static_cast<size_t>(count));
    }
    return heard;
  }

  // How the last Hear ended, and the number of pieces received so far.
  bool ended_by_reset() const { return ended_by_reset_; }
  int pieces() const { return pieces_; }

 private:
  const int socket_;
  bool ended_by_reset_ = false;
  int pieces_ = 0;
};

}  // namespace gateway::sandbox

#endif  // TESTS_UPSTREAM_SANDBOX_RAW_H_
