#include "service/port/guard/server_sockets.h"

#include <grpc/grpc.h>
#include <grpc/support/alloc.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

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

ServerCalls CallsIn(const json& data, const char* started, const char* succeeded,
                    const char* failed) {
  return {Number(data, started), Number(data, succeeded), Number(data, failed)};
}

json Servers() { return Member(Take(grpc_channelz_get_servers(0)), "server"); }

}  // namespace

ServerCalls CallsOfServers() {
  ServerCalls sum;
  for (const json& server : Servers()) {
    const ServerCalls calls =
        CallsIn(Member(server, "data"), "callsStarted", "callsSucceeded", "callsFailed");
    sum.started += calls.started;
    sum.succeeded += calls.succeeded;
    sum.failed += calls.failed;
  }
  return sum;
}

std::vector<int64_t> ServerSocketIds() {
  std::vector<int64_t> ids;
  for (const json& server : Servers()) {
    const int64_t server_id = Number(Member(server, "ref"), "serverId");
    for (intptr_t next = 0;;) {
      const json page = Take(grpc_channelz_get_server_sockets(server_id, next, kAsManyAsThereAre));
      const json refs = Member(page, "socketRef");
      for (const json& ref : refs) ids.push_back(Number(ref, "socketId"));
      if (Member(page, "end") == true || refs.empty()) break;
      next = ids.back() + 1;
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

ServerSocket DescribeServerSocket(int64_t id) {
  ServerSocket socket;
  socket.id = id;
  const json shown = Member(Take(grpc_channelz_get_socket(id)), "socket");
  socket.calls =
      CallsIn(Member(shown, "data"), "streamsStarted", "streamsSucceeded", "streamsFailed");
  socket.messages_received = Number(Member(shown, "data"), "messagesReceived");
  socket.messages_sent = Number(Member(shown, "data"), "messagesSent");
  const json tcp = Member(Member(shown, "remote"), "tcpip_address");
  socket.peer.port = static_cast<int>(Number(tcp, "port"));
  const json address = Member(tcp, "ip_address");
  if (address.is_string()) absl::Base64Unescape(address.get<std::string>(), &socket.peer.ip);
  return socket;
}

}  // namespace gateway
