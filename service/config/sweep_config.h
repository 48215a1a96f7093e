// An entry of `events.sweep` in the configuration: for which stores of an upstream the gateway
// looks for changes that no event has reported. Each default stands beside its member.
#ifndef SERVICE_CONFIG_SWEEP_CONFIG_H_
#define SERVICE_CONFIG_SWEEP_CONFIG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "service/config/config_reader.h"

namespace gateway {

struct SweepConfig {
  std::vector<std::string> stores;
  absl::Duration every = absl::Minutes(15);
  absl::Duration settle = absl::Minutes(15);
  absl::Duration look_back = absl::Hours(24 * 30);
  int64_t pages_per_minute = 30;

  bool operator==(const SweepConfig&) const = default;
};

// Errors go to the reader. `keep`: how long events are kept.
SweepConfig ReadSweep(ConfigReader::Section& section, absl::Duration keep);

}  // namespace gateway

#endif  // SERVICE_CONFIG_SWEEP_CONFIG_H_
