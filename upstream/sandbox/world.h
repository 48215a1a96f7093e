// One sandbox's memory and the fixed things it is read with: the contract, the behaviour, the
// clock, the source of ids.
//
// Not thread-safe, like the State that it holds; contract and behaviour must outlive it.
#ifndef UPSTREAM_SANDBOX_WORLD_H_
#define UPSTREAM_SANDBOX_WORLD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "upstream/sandbox/contract.h"
#include "upstream/sandbox/json.h"
#include "upstream/sandbox/state.h"

namespace gateway::sandbox {

class World {
 public:
  World(const Contract& contract, const Json& behaviour, size_t max_records)
      : contract_(contract), behaviour_(behaviour), state_(max_records) {}

  const Contract& contract() const { return contract_; }
  State& state() { return state_; }

  // A section of the behaviour ("defaults"), an entry of it ("collections", "OrderDto"); an empty
  // object where there is none.
  const Json& Section(absl::string_view name) const;
  const Json& Entry(absl::string_view section, absl::string_view name) const;

  absl::Time Now() const { return clock_ ? clock_() : absl::Now(); }
  // Replaces the system's clock; an empty function brings it back.
  void SetClock(std::function<absl::Time()> clock) { clock_ = std::move(clock); }

  // A flake id: ascending, never the same twice, its upper bits the time since the upstream's
  // epoch.
  std::string NextId();
  // A text that looks like a secret and is none: derived from a counter.
  std::string NextToken();

 private:
  const Contract& contract_;
  const Json& behaviour_;
  State state_;
  std::function<absl::Time()> clock_;
  int64_t last_id_ = 0;
  uint64_t tokens_ = 0;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WORLD_H_
