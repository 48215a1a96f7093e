#include "service/server_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

namespace gateway {
namespace {

using nlohmann::json;

constexpr intptr_t kAsManyAsThereAre = 0;

json Take(char* text) {
  if (text == nullptr) return json::object();
  json parsed = json::parse(text, nullptr, false);
  gpr_free(text);
  return parsed.is_object() ? parsed : json::object();
}

json Member(const json& object, const char* name) {
  return object.is_object() ? object.value(name, json()) : json();
}

// Protobuf's JSON writes 64-bit numbers as text, and leaves out those that are 0.
int64_t Number(const json& object, const char* name) {
  const json member = Member(object, name);
  int64_t number = 0;
  if (member.is_number_integer()) return member.get<int64_t>();
  return member.is_string() && absl::SimpleAtoi(member.get<std::string>(), &number) ? number : 0;
}

ServerSocket Describe(int64_t id) {
  ServerSocket socket;
  socket.id = id;
  const json shown = Member(Take(grpc_channelz_get_socket(id)), "socket");
  const json data = Member(shown, "data");
  socket.started = Number(data, "streamsStarted");
  socket.succeeded = Number(data, "streamsSucceeded");
  socket.failed = Number(data, "streamsFailed");
  const json tcp = Member(Member(shown, "remote"), "tcpip_address");
  socket.port = static_cast<int>(Number(tcp, "port"));
  const json address = Member(tcp, "ip_address");
  if (address.is_string()) absl::Base64Unescape(address.get<std::string>(), &socket.address);
  return socket;
}

struct Endpoint {
  std::string address;
  int port = 0;

  bool operator==(const Endpoint&) const = default;
};

// IPv4 that came in through an IPv6 socket is IPv4.
Endpoint Plain(Endpoint endpoint) {
  static const std::string kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (endpoint.address.size() == 16 && endpoint.address.compare(0, 12, kMapped) == 0) {
    endpoint.address.erase(0, 12);
  }
  return endpoint;
}

// What getpeername or getsockname say. Nothing for what is no TCP socket.
template <typename GetName>
Endpoint EndpointOf(GetName get_name, int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (get_name(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    return {std::string(reinterpret_cast<const char*>(&in.sin_addr), 4), ntohs(in.sin_port)};
  }
  if (storage.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(storage);
    return Plain(
        {std::string(reinterpret_cast<const char*>(&in6.sin6_addr), 16), ntohs(in6.sin6_port)});
  }
  return {};
}

}  // namespace

std::vector<ServerSocket> ServerSockets() {
  std::vector<ServerSocket> sockets;
  for (const json& server : Member(Take(grpc_channelz_get_servers(0)), "server")) {
    const int64_t server_id = Number(Member(server, "ref"), "serverId");
    for (intptr_t next = 0;;) {
      const json page = Take(grpc_channelz_get_server_sockets(server_id, next, kAsManyAsThereAre));
      for (const json& ref : Member(page, "socketRef")) {
        sockets.push_back(Describe(Number(ref, "socketId")));
        next = sockets.back().id + 1;
      }
      if (Member(page, "end") == true || Member(page, "socketRef").empty()) break;
    }
  }
  return sockets;
}

bool ShutDown(const ServerSocket& socket, int local_port) {
  const Endpoint peer = Plain({socket.address, socket.port});
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    int fd = -1;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &fd)) continue;
    // A descriptor of our own to the same connection: gRPC may close its own, and the number be
    // another's, at any time.
    const int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (held < 0) continue;
    const bool found =
        EndpointOf(getpeername, held) == peer && EndpointOf(getsockname, held).port == local_port;
    if (found) shutdown(held, SHUT_RDWR);
    close(held);
    if (found) return true;
  }
  return false;
}

}  // namespace gateway
