#include "upstream/sandbox/handler.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/request.h"
#include "upstream/sandbox/script/lua_json.h"
#include "upstream/sandbox/world/records.h"
#include "upstream/sandbox/world/render.h"
#include "upstream/sandbox/world/shape.h"

namespace gateway::sandbox {
namespace {

// While the seed is stored, the clock moves forward by this step each time it is read, so that all
// ids and times differ. The clock starts in May 2025.
constexpr absl::Duration kSeedStep = absl::Minutes(7);
absl::Time SeedStart() { return absl::FromUnixSeconds(1746057600); }

// Returns the key from the credentials of an Authorization header. With the scheme Basic, the key
// is the user name, and the password must be empty. Returns "" if the credentials are malformed.
std::string KeyIn(absl::string_view scheme, absl::string_view credentials) {
  std::string decoded;
  if (!absl::EqualsIgnoreCase(scheme, "Basic")) return std::string(credentials);
  if (!absl::Base64Unescape(credentials, &decoded) || !absl::EndsWith(decoded, ":")) return "";
  decoded.pop_back();
  return decoded;
}

absl::StatusOr<std::unique_ptr<const Contract>> ParsePages(const Contract& contract,
                                                           const Json& settings) {
  const Json pages = {{"provider", contract.provider()},
                      {"operations", settings.value("pages", Json::array())},
                      {"schemas", Json::object()}};
  return Contract::Parse(WriteJson(pages));
}

// If the options have no keys, adds the key that the behaviour names.
Handler::Options WithKeys(Handler::Options options, const Json& settings) {
  if (options.api_keys.empty()) options.api_keys.push_back(settings.value("api_key", ""));
  return options;
}

constexpr size_t kMaxReplayed = 10000;
constexpr size_t kMaxJobs = 100000;

}  // namespace

Handler::Handler(const Contract& contract, std::unique_ptr<const Contract> pages,
                 std::unique_ptr<World> world, Json seed, Options options)
    : contract_(contract),
      pages_(std::move(pages)),
      world_(std::move(world)),
      settings_(world_->script().settings()),
      seed_(std::move(seed)),
      options_(WithKeys(std::move(options), settings_)),
      router_(contract),
      page_router_(*pages_) {}

absl::StatusOr<std::unique_ptr<Handler>> Handler::Create(const Contract& contract,
                                                         const std::vector<Script::File>& behaviour,
                                                         absl::string_view seed, Options options,
                                                         const Contract* events) {
  std::optional<Json> records = ParseJson(seed);
  if (!records || !records->is_object()) {
    return absl::InvalidArgumentError("the seed is no JSON object");
  }
  absl::StatusOr<std::unique_ptr<World>> world =
      World::Create(contract, behaviour, options.max_records);
  if (!world.ok()) return world.status();
  (*world)->events = events;
  auto pages = ParsePages(contract, (*world)->script().settings());
  if (!pages.ok()) return pages.status();
  std::unique_ptr<Handler> handler(new Handler(contract, *std::move(pages), *std::move(world),
                                               *std::move(records), std::move(options)));
  const MutexLock lock(handler->mu_);
  if (absl::Status status = handler->CheckRules(); !status.ok()) return status;
  if (absl::Status status = handler->Plant(); !status.ok()) return status;
  return handler;
}

absl::Status Handler::CheckRules() const {
  for (const auto& [id, rule] : world_->Setting({"operations"}).items()) {
    if (contract_.FindOperation(id) == nullptr && pages_->FindOperation(id) == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("a rule for no operation: ", id));
    }
  }
  return absl::OkStatus();
}

absl::Status Handler::Plant() {
  world_->SetClock([now = SeedStart()]() mutable { return now += kSeedStep; });
  world_->script().Refill();
  const std::optional<Refusal> refusal = PlantRecords(*world_, seed_);
  world_->SetClock(nullptr);
  world_->state().Seal();
  if (!refusal) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the seed: ", refusal->message));
}

bool Handler::Authorized(const Received& received) const {
  const absl::string_view header = absl::StripAsciiWhitespace(received.Header("Authorization"));
  const size_t space = std::min(header.find(' '), header.size());
  const absl::string_view scheme = header.substr(0, space);
  bool known = false;
  for (const Json& accepted : settings_.value("authorization", Json::array())) {
    known |= absl::EqualsIgnoreCase(scheme, accepted.get_ref<const std::string&>());
  }
  const std::string key = KeyIn(scheme, absl::StripAsciiWhitespace(header.substr(space)));
  return known && !key.empty() &&
         std::count(options_.api_keys.begin(), options_.api_keys.end(), key) > 0;
}

Reply Handler::Answer(const Received& received) {
  const Target target = ParseTarget(received.target);
  const Json root = settings_.value("root", Json::object());
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
    const MutexLock lock(mu_);
    const auto before = replayed_.find(name);
    if (before != replayed_.end()) return before->second;
  }
  Reply reply = Serve(match, target, received);
  const MutexLock lock(mu_);
  if (replayed_.size() < kMaxReplayed) replayed_.emplace(name, reply);
  return reply;
}

Reply Handler::Serve(const Router::Match& match, const Target& target, const Received& received) {
  auto checked = Check(*match.operation, match, target, received);
  if (const Refusal* refusal = std::get_if<Refusal>(&checked)) return Refuse(*refusal);
  return Execute(*match.operation, std::get<Json>(std::move(checked)));
}

std::variant<Json, Refusal> Handler::Check(const Operation& operation, const Router::Match& match,
                                           const Target& target, const Received& received) const {
  std::vector<Violation> violations;
  Json request;
  request["path"] = ReadPath(operation, match.values, violations);
  request["query"] = ReadQuery(operation, target.query, violations);
  request["body"] = ReadBody(operation, received.Header("Content-Type"), received.body,
                             settings_.value("encoding", "json") == "form", violations);
  if (violations.empty()) return request;
  Refusal refusal = BadRequest(std::move(violations));
  refusal.status = settings_.value("invalid_status", refusal.status);
  return refusal;
}

void Handler::Begin() {
  world_->script().Refill();
  world_->state().Begin();
  world_->effects = {};
}

std::vector<Json> Handler::End(bool done) {
  World::Effects effects = std::exchange(world_->effects, {});
  if (!done) {
    world_->state().Rollback();
    return {};
  }
  for (World::Job& job : effects.jobs) {
    if (jobs_.size() < kMaxJobs) jobs_.emplace(job.due, std::move(job));
  }
  jobs_changed_.NotifyAll();
  return std::move(effects.events);
}

Reply Handler::Execute(const Operation& operation, Json request) {
  std::variant<Executed, Refusal> result = Whole(operation, std::move(request));
  if (const Refusal* const refusal = std::get_if<Refusal>(&result)) return Refuse(*refusal);
  auto& [reply, shown, events] = std::get<Executed>(result);
  if (on_events_ && !events.empty()) on_events_(events);
  if (shown) {
    reply.body = WriteJson(*shown);
  } else {
    reply.content_type.clear();
  }
  return std::move(reply);
}

std::variant<Handler::Executed, Refusal> Handler::Whole(const Operation& operation, Json request) {
  const MutexLock lock(mu_);
  Begin();
  std::variant<Json, Refusal> result = RunRule(operation, std::move(request));
  if (Refusal* const refusal = std::get_if<Refusal>(&result)) {
    End(/*done=*/false);
    return std::move(*refusal);
  }
  Executed executed;
  executed.reply.status = operation.reply.status;
  if (operation.reply.type && executed.reply.status != 204) {
    executed.shown = Render(*world_, *operation.reply.type, std::get<Json>(result));
  }
  const bool kept = world_->Setting({"operations", operation.id, "dry_run"}) != true;
  executed.events = End(kept);
  AddTraceId(world_->NextToken(), executed.reply);
  return executed;
}

std::variant<Json, Refusal> Handler::Do(const Script::Path& path, const Json& argument) {
  std::variant<Json, Refusal> result;
  std::vector<Json> events;
  {
    const MutexLock lock(mu_);
    Begin();
    result = world_->script().Call(path, argument, Absent());
    events = End(std::holds_alternative<Json>(result));
  }
  if (on_events_ && !events.empty()) on_events_(events);
  return result;
}

void Handler::ServeJobs() {
  const MutexLock lock(mu_);
  while (!jobs_stopped_) {
    const auto first = jobs_.begin();
    if (first == jobs_.end()) {
      jobs_changed_.Wait(mu_);
    } else if (first->first > world_->Now()) {
      jobs_changed_.WaitUntil(mu_, SteadyTime::FromWall(first->first - ahead_));
    } else {
      const World::Job job = std::move(first->second);
      jobs_.erase(first);
      const MutexUnlock unlock(mu_);
      Do({"jobs", job.name}, job.argument);
    }
  }
}

void Handler::StopJobs() {
  const MutexLock lock(mu_);
  jobs_stopped_ = true;
  jobs_changed_.NotifyAll();
}

void Handler::SetPublicUrl(std::string url) {
  const MutexLock lock(mu_);
  world_->public_url = std::move(url);
}

void Handler::Forward(absl::Duration time) {
  const MutexLock lock(mu_);
  ahead_ += time;
  world_->SetClock([ahead = ahead_] { return absl::Now() + ahead; });
  jobs_changed_.NotifyAll();
}

absl::Time Handler::Now() {
  const MutexLock lock(mu_);
  return world_->Now();
}

void Handler::Reset() {
  const MutexLock lock(mu_);
  jobs_.clear();
  replayed_.clear();
  ahead_ = absl::ZeroDuration();
  world_->Forget();
  // The same seed was stored at the start, so this cannot fail.
  Plant().IgnoreError();
  jobs_changed_.NotifyAll();
}

Json Handler::Export() {
  const MutexLock lock(mu_);
  return world_->state().Export();
}

std::variant<Json, Refusal> Handler::RunRule(const Operation& operation, Json request) {
  Json call = std::move(request);
  if (std::optional<Refusal> refusal = NameRecords(operation, call)) return *std::move(refusal);
  call["operation"] = ShapeOf(contract_, operation);
  for (Json& parent : call["operation"]["parents"]) {
    parent = call["path"].at(parent.get_ref<const std::string&>());
  }
  world_->asked = {&operation, call["query"]};
  const Json sent = call["body"];
  return world_->script().Call({"serve"}, call, sent);
}

// Every record that the path names must exist, and must belong to the records named before it.
std::optional<Refusal> Handler::NameRecords(const Operation& operation, Json& call) {
  Json& records = call["records"] = Json::object();
  Json parents = Json::object();
  for (size_t i = 0; i < operation.path_params.size(); ++i) {
    const std::string& name = operation.path_params[i].name;
    // The name of a parameter may stand for another record in another operation.
    const Json& own = world_->Setting({"operations", operation.id, "params", name});
    const Json& place = own.empty() ? world_->Setting({"params", name}) : own;
    const std::string collection = place.value("in", NamedCollection(contract_, operation, i));
    if (collection.empty()) continue;
    const Json& value = call["path"].at(name);
    const auto handle = world_->state().Find(collection, {{place.value("by", "id"), value}});
    if (!handle) return NotFound(absl::StrCat(collection, " ", PlainText(value)));
    const Json& record = *world_->state().Get(*handle);
    for (const auto& [member, parent] : parents.items()) {
      if (record.contains(member) && !Matches(record, {{member, parent}})) {
        return NotFound(absl::StrCat(collection, " ", PlainText(value)));
      }
    }
    parents[SnakeCase(name)] = value;
    records[RecordName(name)] = {{"collection", handle->collection}, {"key", handle->key}};
    records["record"] = records[RecordName(name)];
  }
  return std::nullopt;
}

Reply Handler::Refuse(const Refusal& refusal) {
  const MutexLock lock(mu_);
  const std::string trace_id = world_->NextToken();
  Reply reply{refusal.status, WriteJson(ErrorBody(refusal, trace_id)), "application/json", {}};
  AddTraceId(trace_id, reply);
  return reply;
}

// Writes an error in the form that the behaviour defines.
Json Handler::ErrorBody(const Refusal& refusal, const std::string& trace_id) {
  Json error = {{"status", refusal.status},
                {"code", refusal.code},
                {"message", refusal.message},
                {"trace_id", trace_id},
                {"violations", Json::array()}};
  for (const Violation& violation : refusal.violations) {
    error["violations"].push_back(
        {{"code", violation.code}, {"message", violation.message}, {"path", violation.path}});
  }
  world_->script().Refill();
  const Json body = world_->Value(world_->Setting({"error"}), {}, "error", error);
  return body.empty() ? error : body;
}

void Handler::AddTraceId(const std::string& trace_id, Reply& reply) const {
  const std::string header = settings_.value("trace_id_header", "");
  if (!header.empty()) reply.headers.emplace_back(header, "req_" + trace_id);
}

}  // namespace gateway::sandbox
