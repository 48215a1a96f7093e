#include "upstream/sandbox/handler.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/derive.h"
#include "upstream/sandbox/render.h"
#include "upstream/sandbox/request.h"

extern "C" {
extern const char sandbox_behaviour_paynow[];
extern const char sandbox_behaviour_paynow_end[];
extern const char sandbox_seed_paynow[];
extern const char sandbox_seed_paynow_end[];
}

namespace gateway::sandbox {
namespace {

// While the seed is planted, every id and every time is this much later than the last, from May
// 2025 on.
constexpr absl::Duration kSeedStep = absl::Minutes(7);
absl::Time SeedStart() { return absl::FromUnixSeconds(1746057600); }

// What answers a bare GET on the API's root, for a probe that asks whether anybody is there.
constexpr absl::string_view kRootText = "PayNow API";

}  // namespace

absl::string_view Received::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

Handler::Handler(const Contract& contract, Json behaviour, Options options)
    : contract_(contract),
      behaviour_(std::move(behaviour)),
      options_(std::move(options)),
      router_(contract),
      world_(contract, behaviour_, options_.max_records) {}

absl::StatusOr<std::unique_ptr<Handler>> Handler::Create(const Contract& contract,
                                                         absl::string_view behaviour,
                                                         absl::string_view seed, Options options) {
  std::optional<Json> behaviour_json = ParseJson(behaviour);
  if (!behaviour_json) return absl::InvalidArgumentError("the behaviour is not JSON");
  const std::optional<Json> seed_json = ParseJson(seed);
  if (!seed_json) return absl::InvalidArgumentError("the seed is not JSON");
  std::unique_ptr<Handler> handler(
      new Handler(contract, *std::move(behaviour_json), std::move(options)));
  if (absl::Status status = handler->DeriveRules(); !status.ok()) return status;
  if (absl::Status status = handler->Plant(*seed_json); !status.ok()) return status;
  return handler;
}

absl::Status Handler::DeriveRules() {
  for (const auto& [id, rule] : world_.Section("operations").items()) {
    if (contract_.FindOperation(id) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("a rule for no operation: ", id));
    }
  }
  for (const Operation& operation : contract_.operations()) {
    Json stated = world_.Entry("operations", operation.id);
    if (const std::string model = stated.value("like", ""); !model.empty()) {
      stated["steps"] = world_.Entry("operations", model).at("steps");
    }
    absl::StatusOr<Json> rule = CompleteRule(contract_, operation, stated);
    if (!rule.ok()) return rule.status();
    rules_[operation.id] = *std::move(rule);
  }
  return absl::OkStatus();
}

absl::Status Handler::Plant(const Json& seed) {
  world_.SetClock([now = SeedStart()]() mutable { return now += kSeedStep; });
  Scope scope;
  const std::optional<Refusal> refusal =
      RunSteps(world_, scope, seed.value("steps", Json::array()), nullptr, Json::object());
  world_.SetClock(nullptr);
  world_.state().Seal();
  if (!refusal) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the seed: ", refusal->message));
}

bool Handler::Authorized(const Received& received) const {
  const absl::string_view header = absl::StripAsciiWhitespace(received.Header("Authorization"));
  const size_t space = header.find(' ');
  if (space == absl::string_view::npos ||
      !absl::EqualsIgnoreCase(header.substr(0, space), "APIKey")) {
    return false;
  }
  const std::string key(absl::StripAsciiWhitespace(header.substr(space)));
  return std::count(options_.api_keys.begin(), options_.api_keys.end(), key) > 0;
}

Reply Handler::Answer(const Received& received) {
  const Target target = ParseTarget(received.target);
  if (received.method == "GET" && target.segments == std::vector<std::string>{"", "v1", ""}) {
    return {200, std::string(kRootText), "text/html", {}};
  }
  if (!Authorized(received)) {
    return Refuse({401, "unauthorized", "a valid API key is required", {}});
  }
  const Router::Match match = router_.Find(received.method, target.segments);
  if (match.operation == nullptr) {
    return match.path_known ? Refuse({405, "method-not-allowed", "this path knows other verbs", {}})
                            : Refuse(NotFound("this path"));
  }
  auto checked = Check(*match.operation, match, target, received);
  if (const Refusal* refusal = std::get_if<Refusal>(&checked)) return Refuse(*refusal);
  return Execute(*match.operation, std::get<Names>(std::move(checked)));
}

std::variant<Names, Refusal> Handler::Check(const Operation& operation, const Router::Match& match,
                                            const Target& target, const Received& received) const {
  std::vector<Violation> violations;
  Names names;
  names["path"] = ReadPath(operation, match.values, violations);
  names["query"] = ReadQuery(operation, target.query, violations);
  names["body"] = ReadBody(operation, received.Header("Content-Type"), received.body, violations);
  if (!violations.empty()) return BadRequest(std::move(violations));
  return names;
}

Reply Handler::Execute(const Operation& operation, Names names) {
  const Json& rule = rules_.at(operation.id);
  std::unique_lock<std::mutex> lock(mu_);
  world_.state().Begin();
  Scope scope;
  scope.names = std::move(names);
  std::optional<Refusal> refusal = BindPath(operation, scope);
  if (!refusal) refusal = RunSteps(world_, scope, rule.at("steps"), &operation, rule);
  if (refusal) {
    world_.state().Rollback();
    lock.unlock();
    return Refuse(*refusal);
  }
  Reply reply;
  reply.status = operation.reply.status;
  Json shown;
  const bool has_content = operation.reply.type && reply.status != 204;
  if (has_content) {
    shown = Render(world_, *operation.reply.type, Evaluate(world_, scope.names, rule.at("reply")));
  }
  if (rule.value("dry_run", false)) world_.state().Rollback();
  lock.unlock();
  if (has_content) {
    reply.body = WriteJson(shown);
  } else {
    reply.content_type.clear();
  }
  return reply;
}

// Every record that the path names has to be there, and to belong to the ones named before it.
std::optional<Refusal> Handler::BindPath(const Operation& operation, Scope& scope) {
  const Json path = scope.names["path"];
  Json parents = Json::object();
  for (const Parameter& parameter : operation.path_params) {
    const Json& place = world_.Entry("params", parameter.name);
    const Json& value = path.at(parameter.name);
    const std::string collection = place.at("in");
    const Json where = {{place.value("by", "id"), value}};
    const std::optional<Handle> handle = world_.state().Find(collection, where);
    if (!handle) return NotFound(absl::StrCat(collection, " ", PlainText(value)));
    const Json& record = *world_.state().Get(*handle);
    for (const auto& [member, parent] : parents.items()) {
      if (record.contains(member) && !Matches(record, {{member, parent}})) {
        return NotFound(absl::StrCat(collection, " ", PlainText(value)));
      }
    }
    parents[SnakeCase(parameter.name)] = value;
    Bind(world_, scope, RecordName(parameter.name), *handle);
  }
  return std::nullopt;
}

Reply Handler::Refuse(const Refusal& refusal) {
  std::string trace_id;
  {
    const std::lock_guard<std::mutex> lock(mu_);
    trace_id = world_.NextToken();
  }
  return {refusal.status, WriteJson(ErrorBody(refusal, trace_id)), "application/json", {}};
}

absl::string_view PaynowBehaviourText() {
  return absl::string_view(sandbox_behaviour_paynow,
                           sandbox_behaviour_paynow_end - sandbox_behaviour_paynow);
}

absl::string_view PaynowSeedText() {
  return absl::string_view(sandbox_seed_paynow, sandbox_seed_paynow_end - sandbox_seed_paynow);
}

}  // namespace gateway::sandbox
