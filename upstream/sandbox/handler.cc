#include "upstream/sandbox/handler.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/derive.h"
#include "upstream/sandbox/render.h"
#include "upstream/sandbox/request.h"

namespace gateway::sandbox {
namespace {

// While the seed is planted, every id and every time is this much later than the last, from May
// 2025 on.
constexpr absl::Duration kSeedStep = absl::Minutes(7);
absl::Time SeedStart() { return absl::FromUnixSeconds(1746057600); }

// What a key is after the word that names the scheme: itself, or the user name of Basic, whose
// password is empty.
std::string KeyIn(absl::string_view scheme, absl::string_view credentials) {
  std::string decoded;
  if (!absl::EqualsIgnoreCase(scheme, "Basic")) return std::string(credentials);
  if (!absl::Base64Unescape(credentials, &decoded) || !absl::EndsWith(decoded, ":")) return "";
  decoded.pop_back();
  return decoded;
}

absl::StatusOr<std::unique_ptr<const Contract>> ParsePages(const Contract& contract,
                                                           const Json& behaviour) {
  const Json pages = {{"provider", contract.provider()},
                      {"operations", behaviour.value("pages", Json::array())},
                      {"schemas", Json::object()}};
  return Contract::Parse(WriteJson(pages));
}

// Without a key of the caller's, the one that the behaviour names.
Handler::Options WithKeys(Handler::Options options, const Json& behaviour) {
  if (options.api_keys.empty()) options.api_keys.push_back(behaviour.value("api_key", ""));
  return options;
}

constexpr size_t kMaxReplayed = 10000;

}  // namespace

Handler::Handler(const Contract& contract, std::unique_ptr<const Contract> pages, Json behaviour,
                 Options options)
    : contract_(contract),
      pages_(std::move(pages)),
      behaviour_(std::move(behaviour)),
      options_(WithKeys(std::move(options), behaviour_)),
      router_(contract),
      page_router_(*pages_),
      world_(contract, behaviour_, options_.max_records) {}

absl::StatusOr<std::unique_ptr<Handler>> Handler::Create(const Contract& contract,
                                                         absl::string_view behaviour,
                                                         absl::string_view seed, Options options) {
  std::optional<Json> behaviour_json = ParseJson(behaviour);
  if (!behaviour_json) return absl::InvalidArgumentError("the behaviour is not JSON");
  const std::optional<Json> seed_json = ParseJson(seed);
  if (!seed_json) return absl::InvalidArgumentError("the seed is not JSON");
  auto pages = ParsePages(contract, *behaviour_json);
  if (!pages.ok()) return pages.status();
  std::unique_ptr<Handler> handler(
      new Handler(contract, *std::move(pages), *std::move(behaviour_json), std::move(options)));
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
  for (Json page : behaviour_.value("pages", Json::array())) {
    page["reply"] = page.at("reply_with");  // what `reply` is to a rule; here it is the type
    const std::string id = page.at("id");
    rules_[id] = std::move(page);
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
  const size_t space = std::min(header.find(' '), header.size());
  const absl::string_view scheme = header.substr(0, space);
  bool known = false;
  for (const Json& accepted : behaviour_.value("authorization", Json::array())) {
    known |= absl::EqualsIgnoreCase(scheme, accepted.get_ref<const std::string&>());
  }
  const std::string key = KeyIn(scheme, absl::StripAsciiWhitespace(header.substr(space)));
  return known && !key.empty() &&
         std::count(options_.api_keys.begin(), options_.api_keys.end(), key) > 0;
}

Reply Handler::Answer(const Received& received) {
  const Target target = ParseTarget(received.target);
  const Json root = behaviour_.value("root", Json::object());
  if (received.method == "GET" && received.target == root.value("path", "")) {
    return {200, root.at("text"), "text/html", {}};
  }
  const Router::Match page = page_router_.Find(received.method, target.segments);
  if (page.operation != nullptr) return Serve(page, target, received);
  if (!Authorized(received)) {
    return Refuse({401, "unauthorized", "a valid API key is required", {}});
  }
  const Router::Match match = router_.Find(received.method, target.segments);
  if (match.operation == nullptr) {
    return match.path_known ? Refuse({405, "method-not-allowed", "this path knows other verbs", {}})
                            : Refuse(NotFound("this path"));
  }
  return ServeOnce(match, target, received);
}

const Operation* Handler::OperationOf(const Received& received) const {
  return router_.Find(received.method, ParseTarget(received.target).segments).operation;
}

Reply Handler::ServeOnce(const Router::Match& match, const Target& target,
                         const Received& received) {
  const absl::string_view key = received.Header("Idempotency-Key");
  if (key.empty() || !match.operation->idempotency_key) return Serve(match, target, received);
  const std::string name = absl::StrCat(match.operation->id, " ", key);
  {
    const std::lock_guard<std::mutex> lock(mu_);
    const auto before = replayed_.find(name);
    if (before != replayed_.end()) return before->second;
  }
  Reply reply = Serve(match, target, received);
  const std::lock_guard<std::mutex> lock(mu_);
  if (replayed_.size() < kMaxReplayed) replayed_.emplace(name, reply);
  return reply;
}

Reply Handler::Serve(const Router::Match& match, const Target& target, const Received& received) {
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
  names["body"] = ReadBody(operation, received.Header("Content-Type"), received.body,
                           behaviour_.value("encoding", "json") == "form", violations);
  if (!violations.empty()) {
    Refusal refusal = BadRequest(std::move(violations));
    refusal.status = behaviour_.value("invalid_status", refusal.status);
    return refusal;
  }
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
  AddTraceId(world_.NextToken(), reply);
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
    // The same name may be another record's with another operation.
    const Json own = rules_.at(operation.id).value("params", Json::object());
    const Json place = own.contains(parameter.name) ? own.at(parameter.name)
                                                    : world_.Entry("params", parameter.name);
    if (!place.contains("in")) continue;
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
  const std::lock_guard<std::mutex> lock(mu_);
  const std::string trace_id = world_.NextToken();
  Reply reply{refusal.status, WriteJson(ErrorBody(refusal, trace_id)), "application/json", {}};
  AddTraceId(trace_id, reply);
  return reply;
}

// As the behaviour spells errors. Under mu_.
Json Handler::ErrorBody(const Refusal& refusal, const std::string& trace_id) {
  Names names = {{"status", refusal.status},
                 {"code", refusal.code},
                 {"message", refusal.message},
                 {"trace_id", trace_id},
                 {"violations", Json::array()}};
  for (const Violation& violation : refusal.violations) {
    names["violations"].push_back(
        {{"code", violation.code}, {"message", violation.message}, {"path", violation.path}});
  }
  return Evaluate(world_, names, world_.Section("error"));
}

void Handler::AddTraceId(const std::string& trace_id, Reply& reply) const {
  const std::string header = behaviour_.value("trace_id_header", "");
  if (!header.empty()) reply.headers.emplace_back(header, "req_" + trace_id);
}

}  // namespace gateway::sandbox
