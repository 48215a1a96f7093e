#include "tests/upstream/http/peers/peer_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "absl/time/clock.h"

namespace gateway::http {
namespace {

// $0: the folder, $1 and $2: the plain and TLS ports, $3: the backend's port, $4: the user.
constexpr char kNginx[] = R"(
daemon off; user $4; worker_processes 1; pid $0/nginx.pid; error_log $0/error.log notice;
events { worker_connections 1024; }
http {
  access_log off; keepalive_timeout 1s; keepalive_requests 1000000;
  client_body_temp_path $0/body; proxy_temp_path $0/proxy; fastcgi_temp_path $0/fastcgi;
  uwsgi_temp_path $0/uwsgi; scgi_temp_path $0/scgi;
  server {
    listen 127.0.0.1:$1;
    listen 127.0.0.1:$2 ssl;
    ssl_certificate $0/server.pem; ssl_certificate_key $0/server.pem;
    location / { proxy_pass http://127.0.0.1:$3; proxy_next_upstream off; }
  }
}
)";

constexpr char kHaproxy[] = R"(
global
  nbthread 1
  maxconn 1000
defaults
  mode http
  retries 0
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout http-keep-alive 1s
frontend clients
  bind 127.0.0.1:$1
  bind 127.0.0.1:$2 ssl crt $0/server.pem
  default_backend server
backend server
  http-reuse never
  option http-server-close
  server only 127.0.0.1:$3
)";

constexpr char kPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void Require(bool good, absl::string_view what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", std::string(what).c_str());
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  Require(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
              getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0,
          "a free port");
  close(fd);
  return ntohs(address.sin_port);
}

bool Accepts(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool accepts =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return accepts;
}

void AwaitPort(int port) {
  const absl::Time patience = absl::Now() + absl::Seconds(30);
  while (!Accepts(port)) {
    Require(absl::Now() < patience, "the peer accepts no connections");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::string TemporaryFolder() {
  const char* const base = std::getenv("TMPDIR");
  std::string folder = absl::StrCat(base == nullptr ? "/tmp" : base, "/gateway-peer-XXXXXX");
  Require(mkdtemp(folder.data()) != nullptr, "mkdtemp");
  return folder;
}

// Searches a fixed list of folders, because servers are often not on a user's PATH.
std::string PathOf(Peer::Kind kind) {
  for (const absl::string_view folder : absl::StrSplit(kPath, ':')) {
    std::string path = absl::StrCat(folder, "/", Name(kind));
    if (access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

size_t CountIn(const std::string& path, const char* text) {
  std::ifstream file(path);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  size_t count = 0;
  for (size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
  return count;
}

}  // namespace

std::string Name(Peer::Kind kind) { return kind == Peer::Kind::kNginx ? "nginx" : "haproxy"; }

bool Peer::IsInstalled(Kind kind) { return !PathOf(kind).empty(); }

Peer::Peer(Kind kind, int backend_port, const TestCertificate& certificate)
    : kind_(kind), folder_(TemporaryFolder()), plain_port_(FreePort()), tls_port_(FreePort()) {
  std::ofstream(folder_ + "/server.pem") << certificate.certificate() << certificate.key();
  std::ofstream(folder_ + "/configuration") << Configuration(backend_port);
  Start();
  AwaitPort(plain_port_);
  AwaitPort(tls_port_);
}

Peer::~Peer() {
  processes_.clear();
  std::filesystem::remove_all(folder_);
}

std::string Peer::Configuration(int backend_port) const {
  const passwd* const user = getpwuid(geteuid());
  Require(user != nullptr, "the user's name");
  return absl::Substitute(kind_ == Kind::kNginx ? kNginx : kHaproxy, folder_, plain_port_,
                          tls_port_, backend_port, user->pw_name);
}

void Peer::Start(std::vector<std::string> more_arguments) {
  std::vector<std::string> arguments = {PathOf(kind_)};
  const std::string configuration = folder_ + "/configuration";
  if (kind_ == Kind::kNginx) {
    arguments.insert(arguments.end(), {"-p", folder_, "-c", configuration});
  } else {
    arguments.insert(arguments.end(), {"-db", "-f", configuration});
  }
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  processes_.push_back(std::make_unique<ChildProcess>(std::move(arguments)));
}

std::string Peer::Url(Wire wire, absl::string_view path) const {
  return wire == Wire::kPlain ? absl::StrCat("http://127.0.0.1:", plain_port_, path)
                              : absl::StrCat("https://127.0.0.1:", tls_port_, path);
}

// The same as `nginx -s reload`, and the usual way to replace a haproxy process.
void Peer::Reload() {
  if (kind_ == Kind::kNginx) return processes_.back()->Signal(SIGHUP);
  Start({"-sf", absl::StrCat(processes_.back()->pid())});
}

int Peer::CountReloads() {
  if (kind_ == Kind::kNginx) {
    return static_cast<int>(CountIn(folder_ + "/error.log", "(SIGHUP) received from"));
  }
  int ended = 0;
  for (size_t i = 0; i + 1 < processes_.size(); ++i) {
    ended += processes_[i]->Wait() != ChildProcess::kDoesNotEnd ? 1 : 0;
  }
  return ended;
}

}  // namespace gateway::http
