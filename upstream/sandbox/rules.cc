#include "upstream/sandbox/rules.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/lift.h"
#include "upstream/sandbox/listing.h"

namespace gateway::sandbox {
namespace {

// One rule cannot be made to run for ever, whatever number a request brings.
constexpr int64_t kMaxRounds = 1000;

size_t Rounds(const Json& list) {
  if (list.is_number_integer()) return std::clamp<int64_t>(list.get<int64_t>(), 0, kMaxRounds);
  return list.is_array() ? list.size() : 0;
}

class Run {
 public:
  Run(World& world, Scope& scope, const Operation* operation, const Json& rule)
      : world_(world), scope_(scope), operation_(operation), rule_(rule) {}

  std::optional<Refusal> All(const Json& steps) {
    for (const Json& step : steps) {
      if (std::optional<Refusal> refusal = One(step)) return refusal;
    }
    return std::nullopt;
  }

 private:
  std::optional<Refusal> One(const Json& step) {
    if (step.contains("find")) return Find(step);
    if (step.contains("list")) return List(step);
    if (step.contains("create")) return Create(step);
    if (step.contains("update")) return Update(step);
    if (step.contains("delete")) return Delete(step);
    if (step.contains("delete_all")) return DeleteAll(step);
    if (step.contains("require")) return Require(step);
    if (step.contains("let")) return Let(step);
    if (step.contains("for")) return For(step);
    if (step.contains("when")) return When(step);
    return Refusal{500, "internal", absl::StrCat("no such step: ", WriteJson(step)), {}};
  }

  Json Value(const Json& step, const std::string& key, Json otherwise = Json::object()) {
    const auto found = step.find(key);
    return found == step.end() ? std::move(otherwise) : Evaluate(world_, scope_.names, *found);
  }

  Json Where(const Json& step) {
    return EvaluateWhere(world_, scope_.names, step.value("where", Json::object()));
  }

  std::optional<Refusal> Find(const Json& step) {
    const std::string collection = step.at("find");
    const std::optional<Handle> handle = world_.state().Find(collection, Where(step));
    scope_.names.erase(step.at("as"));
    scope_.records.erase(step.at("as"));
    if (handle) {
      Bind(world_, scope_, step.at("as"), *handle);
    } else if (!step.value("optional", false)) {
      return NotFound(collection);
    }
    return std::nullopt;
  }

  std::optional<Refusal> List(const Json& step) {
    scope_.names[step.at("as")] = ListRecords(
        world_, scope_.names, step.at("list").get<std::string>(), Where(step), *operation_, rule_);
    return std::nullopt;
  }

  std::optional<Refusal> Create(const Json& step) {
    const std::string collection = step.at("create");
    const Schema& schema = *world_.contract().FindSchema(collection);
    Json record = Lift(world_, schema, Value(step, "hidden"), Value(step, "from"));
    record = Lift(world_, schema, std::move(record), Value(step, "set"));
    const Json& entry = world_.Entry("collections", collection);
    Complete(schema, entry.value("defaults", Json::object()), record);
    Complete(schema, world_.Section("defaults"), record);
    Conceal(record);
    if (auto refusal = CheckUnique(collection, record, std::nullopt)) return refusal;
    const Handle handle = world_.state().Insert(collection, std::move(record));
    if (step.contains("as")) Bind(world_, scope_, step.at("as"), handle);
    return std::nullopt;
  }

  // Gives the record the defaults that its schema has a place for and that it has no value for.
  // "new" is the record.
  void Complete(const Schema& schema, const Json& defaults, Json& record) {
    Json& visible = scope_.names["new"] = std::move(record);
    for (const auto& [member, expression] : defaults.items()) {
      if (schema.Find(member) == nullptr || visible.contains(member)) continue;
      Json value = Evaluate(world_, scope_.names, expression);
      if (!IsAbsent(value)) visible[member] = std::move(value);
    }
    record = std::move(visible);
  }

  // What every record holds beside its schema, as far as it can be said.
  void Conceal(Json& record) {
    for (const auto& [member, expression] : world_.Section("hidden").items()) {
      Json value = Evaluate(world_, scope_.names, expression);
      if (!record.contains(member) && !IsAbsent(value)) record[member] = std::move(value);
    }
  }

  std::optional<Refusal> Update(const Json& step) {
    const std::string name = step.at("update");
    const auto bound = scope_.records.find(name);
    const Json* before =
        bound == scope_.records.end() ? nullptr : world_.state().Get(bound->second);
    if (before == nullptr) return NotFound(name);
    const Handle handle = bound->second;
    const Schema& schema = *world_.contract().FindSchema(handle.collection);
    Json record = Lift(world_, schema, *before, Value(step, "from"));
    record = Lift(world_, schema, std::move(record), Value(step, "set"));
    record.update(Value(step, "hidden"));
    for (const auto& [member, expression] : world_.Section("touched").items()) {
      if (schema.Find(member) != nullptr) {
        record[member] = Evaluate(world_, scope_.names, expression);
      }
    }
    if (auto refusal = CheckUnique(handle.collection, record, handle)) return refusal;
    world_.state().Replace(handle, std::move(record));
    Bind(world_, scope_, name, handle);
    return std::nullopt;
  }

  std::optional<Refusal> CheckUnique(const std::string& collection, const Json& record,
                                     const std::optional<Handle>& self) {
    const Json& entry = world_.Entry("collections", collection);
    for (const Json& member : entry.value("unique", Json::array())) {
      const std::string name = member.get<std::string>();
      if (!record.contains(name) || !record[name].is_string()) continue;
      for (const Handle& other : world_.state().FindAll(collection, Json::object())) {
        if (self && self->key == other.key) continue;
        const Json taken = world_.state().Get(other)->value(name, Json());
        if (!taken.is_string() ||
            !absl::EqualsIgnoreCase(taken.get<std::string>(), record[name].get<std::string>())) {
          continue;
        }
        return Refusal{409,
                       "conflict",
                       absl::StrCat("this ", name, " is taken"),
                       {{"unique", absl::StrCat("this ", name, " is taken"), name}}};
      }
    }
    return std::nullopt;
  }

  std::optional<Refusal> Delete(const Json& step) {
    const auto bound = scope_.records.find(step.at("delete"));
    if (bound == scope_.records.end()) return NotFound(step.at("delete").get<std::string>());
    world_.state().Erase(bound->second);
    return std::nullopt;
  }

  std::optional<Refusal> DeleteAll(const Json& step) {
    const std::string collection = step.at("delete_all");
    for (const Handle& handle : world_.state().FindAll(collection, Where(step))) {
      world_.state().Erase(handle);
    }
    return std::nullopt;
  }

  std::optional<Refusal> Require(const Json& step) {
    if (IsTrue(Evaluate(world_, scope_.names, step.at("require")))) return std::nullopt;
    const Json& refused = step.at("else");
    Refusal refusal{refused.at("status"), refused.at("code"), refused.at("message"), {}};
    if (refused.contains("path")) {
      refusal.violations.push_back({"rule", refusal.message, refused.at("path")});
    }
    return refusal;
  }

  std::optional<Refusal> Let(const Json& step) {
    Json value = Evaluate(world_, scope_.names, step.at("be"));
    if (IsAbsent(value)) {
      scope_.names.erase(step.at("let"));
    } else {
      scope_.names[step.at("let")] = std::move(value);
    }
    return std::nullopt;
  }

  std::optional<Refusal> For(const Json& step) {
    const Json list = Evaluate(world_, scope_.names, step.at("for"));
    const std::string name = step.at("as");
    for (size_t i = 0; i < Rounds(list); ++i) {
      scope_.names[name] = list.is_array() ? list[i] : Json(i);
      scope_.names[name + "_index"] = i;
      if (auto refusal = All(step.at("steps"))) return refusal;
    }
    return std::nullopt;
  }

  std::optional<Refusal> When(const Json& step) {
    if (!IsTrue(Evaluate(world_, scope_.names, step.at("when")))) return std::nullopt;
    return All(step.at("steps"));
  }

  World& world_;
  Scope& scope_;
  const Operation* const operation_;
  const Json& rule_;
};

}  // namespace

void Bind(World& world, Scope& scope, const std::string& name, const Handle& handle) {
  scope.records[name] = handle;
  scope.names[name] = *world.state().Get(handle);
}

std::optional<Refusal> RunSteps(World& world, Scope& scope, const Json& steps,
                                const Operation* operation, const Json& rule) {
  return Run(world, scope, operation, rule).All(steps);
}

}  // namespace gateway::sandbox
