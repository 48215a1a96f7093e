#include "upstream/sandbox/window/api.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/router.h"

// Linked in by CMakeLists.txt.
extern "C" {
extern const char sandbox_openapi[], sandbox_openapi_end[];
}

namespace gateway::sandbox {
namespace {

// How far the clock may be set forward at a time.
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
  // 127.0.0.1.example.org is a name that anybody may own.
  return absl::StartsWith(host, "127.") &&
         host.find_first_not_of("0123456789.") == absl::string_view::npos;
}

// The values of the path's parameters, or nullopt if the path does not match.
std::optional<std::vector<std::string>> Match(absl::string_view path,
                                              const std::vector<std::string>& segments) {
  const std::vector<absl::string_view> parts = absl::StrSplit(absl::StripPrefix(path, "/"), '/');
  if (parts.size() != segments.size()) return std::nullopt;
  std::vector<std::string> values;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (absl::StartsWith(parts[i], "{")) {
      values.push_back(segments[i]);
    } else if (parts[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return values;
}

}  // namespace

const std::vector<Api::Route>& Api::Routes() {
  static const auto& routes = *new std::vector<Route>{
      {"GET", "/openapi.json", &Api::Describe},
      {"GET", "/store", &Api::Store},
      {"GET", "/store/{section}", &Api::Section},
      {"GET", "/store/{section}/{id}", &Api::Record},
      {"POST", "/store/{section}/{id}", &Api::Act},
      {"GET", "/checkouts/{token}", &Api::Checkout},
      {"POST", "/checkouts/{token}", &Api::ActOnCheckout},
      {"GET", "/requests", &Api::Requests},
      {"GET", "/deliveries", &Api::Deliveries},
      {"POST", "/deliveries", &Api::ReverseDeliveries},
      {"POST", "/deliveries/{id}", &Api::SendDelivery},
      {"GET", "/events", &Api::Events},
      {"POST", "/events", &Api::Tell},
      {"GET", "/clock", &Api::Clock},
      {"POST", "/clock", &Api::Forward},
      {"GET", "/export", &Api::Export},
      {"POST", "/reset", &Api::Reset},
      {"GET", "/faults", &Api::ListFaults},
      {"POST", "/faults", &Api::AddFault},
      {"DELETE", "/faults", &Api::ClearFaults},
      {"DELETE", "/faults/{id}", &Api::RemoveFault},
  };
  return routes;
}

bool Api::IsOwn(const Received& received) {
  return received.target == "/_sandbox" || absl::StartsWith(received.target, "/_sandbox/");
}

// A page of another site can reach a loopback address too: under a host name of its own, which the
// Host header shows, or with a form, which the Origin header shows.
bool Api::MayUse(const Received& received, bool from_loopback) const {
  if (!open_ && (!from_loopback || !NamesThisMachine(received.Header("Host")))) return false;
  absl::string_view origin = received.Header("Origin");
  return origin.empty() || (absl::ConsumePrefix(&origin, "http://") &&
                            absl::EqualsIgnoreCase(origin, received.Header("Host")));
}

Reply Api::Answer(const Received& received) const {
  const std::vector<std::string> segments = ParseTarget(received.target).segments;
  // The segments are "", "_sandbox", "api", and then the path below kApiPrefix.
  if (segments.size() < 4) return Problem(404, "there is nothing here");
  return Dispatch(received.method, {segments.begin() + 3, segments.end()}, received.body);
}

Json Api::Get(const std::string& path) const {
  const std::vector<std::string> segments = ParseTarget(path).segments;
  const Reply reply = Dispatch("GET", {segments.begin() + 1, segments.end()}, "");
  return reply.status == 200 ? ParseJson(reply.body).value_or(Json::object()) : Json::object();
}

Reply Api::Dispatch(const std::string& method, const std::vector<std::string>& segments,
                    const std::string& body) const {
  bool known = false;
  for (const Route& route : Routes()) {
    const auto values = Match(route.path, segments);
    if (!values) continue;
    known = true;
    if (method != route.method && !(method == "HEAD" && absl::string_view(route.method) == "GET")) {
      continue;
    }
    const std::optional<Json> sent = body.empty() ? Json::object() : ParseJson(body);
    if (!sent || !sent->is_object()) return Problem(400, "the body is no object of JSON");
    const Reply reply = (this->*route.answer)({*values, *sent});
    if (method != "GET" && method != "HEAD") ++parts_.changes;
    return reply;
  }
  return known ? Problem(405, "this path knows other verbs")
               : Problem(404, "there is nothing here");
}

Reply Api::Asked(const Script::Path& function, const Json& argument, int status) const {
  const auto made = parts_.handler.Do(function, argument);
  if (const Refusal* const refusal = std::get_if<Refusal>(&made)) {
    return Problem(refusal->status, refusal->message);
  }
  if (IsNothing(std::get<Json>(made))) return Problem(404, "there is no such thing");
  return JsonReply(status, std::get<Json>(made));
}

Reply Api::Describe(const Call&) const {
  return {200, std::string(sandbox_openapi, sandbox_openapi_end), "application/json", {}};
}

Reply Api::Store(const Call&) const { return Asked({"window", "store"}, Json::object()); }

Reply Api::Section(const Call& call) const {
  return Asked({"window", "section"}, {{"section", call.values[0]}});
}

Reply Api::Record(const Call& call) const {
  return Asked({"window", "record"}, {{"section", call.values[0]}, {"id", call.values[1]}});
}

Reply Api::Act(const Call& call) const {
  if (!call.body.value("act", Json()).is_string()) return Problem(400, "act names what to do");
  return Asked({"window", "act"},
               {{"section", call.values[0]}, {"id", call.values[1]}, {"act", call.body.at("act")}});
}

Reply Api::Checkout(const Call& call) const {
  return Asked({"pay", "show"}, {{"token", call.values[0]}});
}

Reply Api::ActOnCheckout(const Call& call) const {
  Json asked = {{"token", call.values[0]}};
  for (const char* const name : {"action", "reason"}) {
    if (call.body.value(name, Json()).is_string()) asked[name] = call.body.at(name);
  }
  return Asked({"pay", "act"}, asked);
}

Reply Api::Requests(const Call&) const { return JsonReply(200, parts_.journal.List()); }

Reply Api::Deliveries(const Call&) const { return JsonReply(200, parts_.courier.Log()); }

Reply Api::ReverseDeliveries(const Call& call) const {
  const Json count = call.body.value("reverse", Json());
  if (!count.is_number_unsigned()) return Problem(400, "reverse is the number of deliveries");
  parts_.courier.Reverse(count.get<size_t>());
  return Nothing();
}

Reply Api::SendDelivery(const Call& call) const {
  int64_t id = 0;
  const Json how = call.body.value("how", Json());
  if (!absl::SimpleAtoi(call.values[0], &id) || !how.is_string() ||
      !parts_.courier.Send(id, how.get<std::string>())) {
    return Problem(404, "there is no such delivery, or no such way");
  }
  return JsonReply(202, {{"id", id}, {"how", how}});
}

Reply Api::Events(const Call&) const {
  const auto made = parts_.handler.Do({"events"}, Json::object());
  const Json* const types = std::get_if<Json>(&made);
  return JsonReply(200, types == nullptr || IsNothing(*types) ? Json::array() : *types);
}

Reply Api::Tell(const Call& call) const {
  if (!call.body.value("type", Json()).is_string()) return Problem(400, "type names an event");
  return Asked({"tell"}, call.body, 202);
}

Reply Api::Clock(const Call&) const {
  return JsonReply(200, {{"now", TimeText(parts_.handler.Now())}});
}

Reply Api::Forward(const Call& call) const {
  const Json seconds = call.body.value("forward_s", Json());
  if (!seconds.is_number_integer() || seconds < 0 || seconds > kMaxForward) {
    return Problem(400, "forward_s is a number of seconds, up to ten years");
  }
  const absl::Duration time = absl::Seconds(seconds.get<int64_t>());
  parts_.handler.Forward(time);
  parts_.courier.Forward(time);
  return Clock(call);
}

Reply Api::Export(const Call&) const { return JsonReply(200, parts_.handler.Export()); }

Reply Api::Reset(const Call&) const {
  parts_.courier.Clear();
  parts_.faults.Clear();
  parts_.journal.Clear();
  parts_.handler.Reset();
  return Nothing();
}

Reply Api::ListFaults(const Call&) const {
  Json list = Json::array();
  for (const Fault& fault : parts_.faults.List()) list.push_back(ToJson(fault));
  return JsonReply(200, list);
}

Reply Api::AddFault(const Call& call) const {
  const absl::StatusOr<Fault> fault = ReadFault(call.body);
  if (!fault.ok()) return Problem(400, fault.status().message());
  Fault added = *fault;
  added.id = parts_.faults.Add(*fault);
  return JsonReply(201, ToJson(added));
}

Reply Api::ClearFaults(const Call&) const {
  parts_.faults.Clear();
  return Nothing();
}

Reply Api::RemoveFault(const Call& call) const {
  int64_t id = 0;
  const bool gone = absl::SimpleAtoi(call.values[0], &id) && parts_.faults.Remove(id);
  return gone ? Nothing() : Problem(404, "there is no such fault");
}

}  // namespace gateway::sandbox
