#include "tests/end_to_end/support/refusing_port.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace gateway::end_to_end {

RefusingPort::RefusingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (socket_ < 0 || ::bind(socket_, generic, size) != 0 ||
      ::getsockname(socket_, generic, &size) != 0) {
    std::perror("no port");
    std::abort();
  }
  url_ = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port));
}

RefusingPort::~RefusingPort() { ::close(socket_); }

}  // namespace gateway::end_to_end
