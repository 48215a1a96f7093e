#include "service/port/guard/own_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

// Both ends of one TCP connection. The client's end has the highest descriptor, so OwnSockets
// checks it last.
class TcpPair {
 public:
  TcpPair() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener, 1);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const int connecting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(connecting, reinterpret_cast<sockaddr*>(&address), size), 0);
    server_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    client_ = fcntl(connecting, F_DUPFD_CLOEXEC, 1000);
    close(connecting);
    close(listener);
  }
  ~TcpPair() {
    CloseClient();
    close(server_);
  }

  void CloseClient() {
    if (client_ >= 0) close(client_);
    client_ = -1;
  }

  int server_port() const { return port_; }

  // Loopback delivers the end of the stream before close() returns, so no waiting is needed.
  bool ServerSeesTheEnd() const {
    char byte;
    return recv(server_, &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  int port_ = 0;
  int server_ = -1;
  int client_ = -1;
};

TEST(OwnSocketsTest, ListsTheConnectionsOfAPort) {
  const TcpPair pair;
  OwnSockets sockets;
  const std::vector<Connection> connections = sockets.Connections({pair.server_port()});
  ASSERT_EQ(connections.size(), 1u);
  EXPECT_EQ(connections[0].port, pair.server_port());
  EXPECT_EQ(connections[0].peer.ip, std::string("\x7f\0\0\1", 4));
}

TEST(OwnSocketsTest, ShutsDownTheConnectionsWithAPeer) {
  const TcpPair pair;
  OwnSockets sockets;
  const SocketAddress server{std::string("\x7f\0\0\1", 4), pair.server_port()};
  EXPECT_FALSE(pair.ServerSeesTheEnd());
  EXPECT_EQ(sockets.ShutDown({server}), 1u);
  EXPECT_TRUE(pair.ServerSeesTheEnd());
}

// Regression: OwnSockets left a duplicate descriptor open, which kept the last connection alive for
// up to a second after its owner had closed it.
TEST(OwnSocketsTest, AConnectionEndsWhenItsOwnerClosesItAfterALook) {
  TcpPair pair;
  OwnSockets sockets;
  sockets.Connections({pair.server_port()});
  sockets.ShutDown({SocketAddress{std::string("\x7f\0\0\2", 4), 1}});
  EXPECT_FALSE(pair.ServerSeesTheEnd());
  pair.CloseClient();
  EXPECT_TRUE(pair.ServerSeesTheEnd());
}

TEST(OwnSocketsTest, ALookKeepsTheLocksOnFiles) {
  const TempDir directory;
  const std::string path = directory.Write("locked", "");
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(file, F_SETLK, &lock), 0);

  OwnSockets sockets;
  sockets.Connections({1});
  sockets.ShutDown({SocketAddress{std::string("\x7f\0\0\2", 4), 1}});

  // The lock is still held: a lock of another open file description conflicts with it.
  const int other = open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  EXPECT_NE(fcntl(other, F_OFD_SETLK, &wanted), 0);
  EXPECT_EQ(errno, EAGAIN);
  close(other);
  close(file);
}

}  // namespace
}  // namespace gateway
