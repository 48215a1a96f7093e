// The state of one sandbox, and everything that the behaviour's rules need: the contract, the
// behaviour, the clock, the source of ids.
//
// Not thread-safe, like the State that it holds; the contract must outlive it.
#ifndef UPSTREAM_SANDBOX_WORLD_WORLD_H_
#define UPSTREAM_SANDBOX_WORLD_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/script/script.h"
#include "upstream/sandbox/world/state.h"

namespace gateway::sandbox {

class World {
 public:
  // Fails on an error in the behaviour, naming its line.
  static absl::StatusOr<std::unique_ptr<World>> Create(const Contract& contract,
                                                       const std::vector<Script::File>& behaviour,
                                                       size_t max_records,
                                                       Script::Limits limits = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Contract& contract() const { return contract_; }
  State& state() { return state_; }
  Script& script() { return *script_; }

  // The value at this path of the behaviour's table ({"collections", "OrderDto", "unique"}); an
  // empty object if there is none.
  const Json& Setting(const Script::Path& path) const;
  // Evaluates a setting that may be a function of a record. `section` and `name` are the setting's
  // place in the behaviour's table.
  Json Value(const Json& setting, Script::Path section, const std::string& name,
             const Json& record);

  absl::Time Now() const { return clock_ ? clock_() : absl::Now(); }
  // Replaces the system's clock; an empty function brings it back.
  void SetClock(std::function<absl::Time()> clock) { clock_ = std::move(clock); }

  // Returns a new flake id. Ids ascend and never repeat. The upper bits hold the time since the
  // upstream's epoch.
  std::string NextId();
  // A text that looks like a secret but is none: it is derived from a counter.
  std::string NextToken();

  // Drops all records, and starts ids and tokens again from the beginning.
  void Forget();

  // The operation that is being answered, and the query of its request, by which lists are
  // filtered.
  struct Asked {
    const Operation* operation = nullptr;
    Json query = Json::object();
  };
  Asked asked;

  // Where a browser finds this sandbox: "http://127.0.0.1:8080".
  std::string public_url = "http://127.0.0.1:8080";
  // The shapes of the provider's events; nullptr if scripts make complete events.
  const Contract* events = nullptr;

  // A job that a script has asked for. It runs only if the script's call succeeds.
  struct Job {
    absl::Time due;
    std::string name;
    Json argument;
  };
  struct Effects {
    // {"type", "id", "payload", "targets": [{"url", "secret", ...}]}
    std::vector<Json> events;
    std::vector<Job> jobs;
  };
  Effects effects;

 private:
  World(const Contract& contract, size_t max_records) : contract_(contract), state_(max_records) {}

  const Contract& contract_;
  State state_;
  std::unique_ptr<Script> script_;
  std::function<absl::Time()> clock_;
  int64_t last_id_ = 0;
  // Tokens made from smaller numbers belong to the seed.
  static constexpr uint64_t kFirstToken = 1 << 20;
  uint64_t tokens_ = kFirstToken;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_WORLD_H_
