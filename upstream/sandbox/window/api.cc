#include "upstream/sandbox/window/api.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/sandbox/router.h"

namespace gateway::sandbox {
namespace {

Reply JsonReply(int status, const Json& json) {
  return {status, WriteJson(json), "application/json", {{"Cache-Control", "no-store"}}};
}

Reply Problem(int status, absl::string_view message) {
  return JsonReply(status, {{"status", status}, {"message", message}});
}

Reply Nothing() { return {204, "", "", {}}; }

absl::string_view WithoutPort(absl::string_view authority) {
  const size_t colon = authority.rfind(':');
  return absl::EndsWith(authority, "]") ? authority : authority.substr(0, colon);
}

bool NamesThisMachine(absl::string_view authority) {
  const absl::string_view host = WithoutPort(authority);
  if (host == "localhost" || host == "[::1]") return true;
  // 127.0.0.1.example.org is a name, and anybody's.
  return absl::StartsWith(host, "127.") &&
         host.find_first_not_of("0123456789.") == absl::string_view::npos;
}

}  // namespace

bool Api::IsOwn(const Received& received) {
  return received.target == "/_sandbox" || absl::StartsWith(received.target, "/_sandbox/");
}

// A page from elsewhere reaches a loopback address too: by a name of its own, which Host tells, or
// by a form, which Origin tells.
bool Api::MayUse(const Received& received, bool from_loopback) const {
  if (!open_ && (!from_loopback || !NamesThisMachine(received.Header("Host")))) return false;
  absl::string_view origin = received.Header("Origin");
  return origin.empty() || (absl::ConsumePrefix(&origin, "http://") &&
                            absl::EqualsIgnoreCase(origin, received.Header("Host")));
}

Reply Api::Answer(const Received& received, bool from_loopback) const {
  if (!MayUse(received, from_loopback)) {
    return Problem(403, "only programs and pages of this machine may use /_sandbox/");
  }
  const std::vector<std::string> segments = ParseTarget(received.target).segments;
  // "", "_sandbox", "api", what, ...
  if (segments.size() >= 4 && segments[2] == "api" && segments[3] == "faults") {
    return AnswerFaults(received, {segments.begin() + 4, segments.end()});
  }
  return Problem(404, "there is nothing here");
}

Reply Api::AnswerFaults(const Received& received, const std::vector<std::string>& rest) const {
  int64_t id = 0;
  if (rest.size() == 1 && received.method == "DELETE" && absl::SimpleAtoi(rest[0], &id)) {
    return faults_.Remove(id) ? Nothing() : Problem(404, "there is no such fault");
  }
  if (!rest.empty()) return Problem(404, "there is nothing here");
  if (received.method == "GET") {
    Json list = Json::array();
    for (const Fault& fault : faults_.List()) list.push_back(ToJson(fault));
    return JsonReply(200, list);
  }
  if (received.method == "DELETE") {
    faults_.Clear();
    return Nothing();
  }
  if (received.method != "POST") return Problem(405, "this path knows GET, POST and DELETE");
  const std::optional<Json> json = ParseJson(received.body);
  const absl::StatusOr<Fault> fault = ReadFault(json.value_or(Json()));
  if (!fault.ok()) return Problem(400, fault.status().message());
  Fault added = *fault;
  added.id = faults_.Add(*fault);
  return JsonReply(201, ToJson(added));
}

}  // namespace gateway::sandbox
