// One connection, without the transport around it: requests of which nothing leaves.

#include "upstream/http/connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/transport/transport_test_util.h"
#include "upstream/http/connector.h"
#include "upstream/http/curl_handle.h"

namespace gateway::http {
namespace {

// A server that reads nothing.
class DeafPeer {
 public:
  DeafPeer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
  }
  ~DeafPeer() {
    for (const int fd : {connection_, listener_}) close(fd);
  }

  std::string Url() const {
    return absl::StrCat("http://127.0.0.1:", ntohs(address_.sin_port), "/");
  }
  void Accept() { connection_ = accept(listener_, nullptr, nullptr); }
  void Say(const std::string& text) const {
    EXPECT_EQ(send(connection_, text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text));
  }

 private:
  const int listener_;
  int connection_ = -1;
  sockaddr_in address_{};
};

// Sends until the socket takes not even one byte more.
void FillSocket(int fd) {
  const std::string data(size_t{64} * 1024, 'x');
  const auto takes = [&](size_t size) {
    return send(fd, data.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
  };
  pollfd room{fd, POLLOUT, 0};
  do {
    while (takes(data.size()) || takes(1)) {
    }
  } while (poll(&room, 1, 50) == 1 || takes(1));  // the kernel may still be moving data to the peer
}

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    EXPECT_TRUE(InitializeCurl().ok());
    const auto connector = Connector::Create(Origin::Parse(peer_.Url()).value(), Options{}).value();
    connection_ = std::get<std::shared_ptr<Connection>>(connector->Connect());
    peer_.Accept();
  }

  std::shared_ptr<const Request> Write(SteadyTime deadline = SteadyTime::InfiniteFuture()) {
    Request request = Post(peer_.Url(), "{}");
    request.deadline = deadline;
    return std::make_shared<const Request>(std::move(request));
  }

  DeafPeer peer_;
  std::shared_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, WhatComesBeforeTheFirstByteHasLeftIsNoReply) {
  FillSocket(connection_->fd());
  ASSERT_EQ(connection_->Begin(1, Write()), Connection::Begun::kYes);
  peer_.Say(Step::Reply("a foreign checkout").output);
  pollfd reply{connection_->fd(), POLLIN, 0};
  ASSERT_EQ(poll(&reply, 1, 10'000), 1);
  const Connection::Progress progress = connection_->OnReady(/*peer_ended=*/false);
  ASSERT_TRUE(progress.ended.has_value());
  EXPECT_EQ(progress.ended->call, 1u);
  EXPECT_EQ(Summary(progress.ended->result), "broken, not sent");
  EXPECT_FALSE(progress.ended->keep);
  EXPECT_TRUE(connection_->is_closed());
}

TEST_F(ConnectionTest, ARequestWhoseDeadlineHasPassedIsNotBegun) {
  EXPECT_EQ(connection_->Begin(1, Write(SteadyTime::Now())), Connection::Begun::kExpired);
  EXPECT_EQ(connection_->Begin(2, Write()), Connection::Begun::kYes);
}

}  // namespace
}  // namespace gateway::http
