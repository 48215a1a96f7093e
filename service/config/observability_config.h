// The sections `tracing`, `logging` and `health` of the configuration.
#ifndef SERVICE_CONFIG_OBSERVABILITY_CONFIG_H_
#define SERVICE_CONFIG_OBSERVABILITY_CONFIG_H_

#include <cstdint>
#include <string>

#include "service/config/config_reader.h"
#include "service/log/log.h"

namespace gateway {

struct TracingConfig {
  // Where spans are written; empty: nowhere.
  std::string file;
  // Share of the traces that begin in the gateway and are written, 0 to 1.
  double sample_ratio = 0.01;
  int64_t max_file_bytes = int64_t{64} * 1024 * 1024;

  bool operator==(const TracingConfig&) const = default;
};

struct LoggingConfig {
  Severity level = Severity::kInfo;
  // Share of the successful calls that get a line in the access log.
  double access_sample_ratio = 0.01;

  bool operator==(const LoggingConfig&) const = default;
};

struct HealthConfig {
  // Whether the health service reports an upstream that seems dead.
  bool upstream_readiness = false;

  bool operator==(const HealthConfig&) const = default;
};

HealthConfig ReadHealth(ConfigReader::Section& root);
LoggingConfig ReadLogging(ConfigReader::Section& root);
TracingConfig ReadTracing(ConfigReader::Section& root);

}  // namespace gateway

#endif  // SERVICE_CONFIG_OBSERVABILITY_CONFIG_H_
