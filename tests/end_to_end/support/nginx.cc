#include "tests/end_to_end/support/nginx.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace gateway::end_to_end {
namespace {

// $0: the folder, $1: the port, $2: the user, $3: the servers, $4: grpc_next_upstream, or nothing.
constexpr char kConfiguration[] = R"(
daemon off; user $2; worker_processes 1; pid $0/nginx.pid; error_log $0/error.log notice;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $0/body; proxy_temp_path $0/proxy; fastcgi_temp_path $0/fastcgi;
  uwsgi_temp_path $0/uwsgi; scgi_temp_path $0/scgi;
  upstream gateways { $3 }
  server {
    listen 127.0.0.1:$1 http2;
    location / { grpc_pass grpc://gateways; $4 }
  }
}
)";

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void Require(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  std::abort();
}

int TcpSocket(sockaddr_in& address, int port) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Require(fd >= 0, "socket");
  return fd;
}

int FreePort() {
  sockaddr_in address;
  const int fd = TcpSocket(address, 0);
  socklen_t size = sizeof(address);
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "bind");
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  sockaddr_in address;
  const int fd = TcpSocket(address, port);
  const bool accepts = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return accepts;
}

}  // namespace

bool Nginx::IsInstalled() {
  return RunProgram({"sh", "-c", "command -v nginx"}, {absl::StrCat("PATH=", kPath)}).exit_code ==
         0;
}

Nginx::Nginx(const std::vector<int>& gateways, const std::string& next_upstream)
    : port_(FreePort()) {
  std::string servers;
  for (size_t i = 0; i < gateways.size(); ++i) {
    absl::StrAppend(&servers, "server 127.0.0.1:", gateways[i], " max_fails=0",
                    i == 0 ? ";" : " backup;");
  }
  const std::string beside =
      next_upstream.empty() ? "" : absl::StrCat("grpc_next_upstream ", next_upstream, ";");
  const passwd* const user = getpwuid(getuid());
  const std::string file = folder_.Write(
      "nginx.conf", absl::Substitute(kConfiguration, folder_.Path(), port_,
                                     user == nullptr ? "root" : user->pw_name, servers, beside));
  process_ = std::make_unique<ChildProcess>(std::vector<std::string>{
      "sh", "-c",
      absl::StrCat("PATH=", kPath, " exec nginx -e ", folder_.Path("error.log"), " -c ", file)});
  const absl::Time end = absl::Now() + absl::Minutes(1);
  while (!Accepts(port_)) {
    Require(absl::Now() < end, "nginx does not listen");
    absl::SleepFor(absl::Milliseconds(2));
  }
}

Nginx::~Nginx() { process_->SignalGroup(SIGKILL); }

}  // namespace gateway::end_to_end
