#include "upstream/sandbox/window/api.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/sandbox/router.h"

namespace gateway::sandbox {
namespace {

// What a clock may be set forward at a time.
constexpr int64_t kMaxForward = int64_t{10} * 366 * 24 * 3600;

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
  if (segments.size() < 4 || segments[2] != "api") return Problem(404, "there is nothing here");
  const std::vector<std::string> rest(segments.begin() + 4, segments.end());
  if (segments[3] == "faults") return AnswerFaults(received, rest);
  if (segments[3] == "deliveries") return AnswerDeliveries(received, rest);
  if (segments[3] == "export" && received.method == "GET") {
    return JsonReply(200, handler_.Export());
  }
  if (segments[3] != "clock" && segments[3] != "events") {
    return Problem(404, "there is nothing here");
  }
  const std::optional<Json> asked = ParseJson(received.body);
  if (received.method != "POST" || !asked || !asked->is_object()) {
    return Problem(400, "an object is expected, by POST");
  }
  return Order(segments[3], *asked);
}

Reply Api::Order(const std::string& what, const Json& asked) const {
  if (what == "clock") {
    const Json seconds = asked.value("forward_s", Json());
    if (!seconds.is_number_integer() || seconds < 0 || seconds > kMaxForward) {
      return Problem(400, "forward_s is a number of seconds, up to ten years");
    }
    handler_.Forward(absl::Seconds(seconds.get<int64_t>()));
    return JsonReply(200, {{"now", absl::FormatTime(handler_.Now())}});
  }
  if (!asked.value("type", Json()).is_string()) return Problem(400, "type names an event");
  const auto told = handler_.Do({"tell"}, asked);
  if (const Refusal* const refusal = std::get_if<Refusal>(&told)) {
    return Problem(refusal->status, refusal->message);
  }
  if (IsAbsent(std::get<Json>(told)))
    return Problem(404, "this provider's events come by themselves");
  return JsonReply(202, std::get<Json>(told));
}

Reply Api::AnswerDeliveries(const Received& received, const std::vector<std::string>& rest) const {
  if (received.method == "GET" && rest.empty()) return JsonReply(200, courier_.Log());
  const Json asked = ParseJson(received.body).value_or(Json());
  int64_t id = 0;
  if (received.method != "POST" || !asked.is_object()) return Problem(400, "an object is expected");
  if (rest.empty() && asked.value("reverse", Json()).is_number_unsigned()) {
    courier_.Reverse(asked.at("reverse").get<size_t>());
    return Nothing();
  }
  const Json how = asked.value("how", Json());
  if (rest.size() != 1 || !absl::SimpleAtoi(rest[0], &id) || !how.is_string() ||
      !courier_.Send(id, how.get<std::string>())) {
    return Problem(404, "there is no such delivery, or no such way");
  }
  return JsonReply(202, {{"id", id}, {"how", how}});
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
