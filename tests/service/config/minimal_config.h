// The smallest valid configuration, and the reader's errors for variants of it.
#ifndef TESTS_SERVICE_CONFIG_MINIMAL_CONFIG_H_
#define TESTS_SERVICE_CONFIG_MINIMAL_CONFIG_H_

#include <nlohmann/json.hpp>
#include <string>

#include "service/config/config.h"

namespace gateway {

// Stands for an API key that was put into the wrong place by mistake.
inline constexpr char kSecret[] = "pnapi_v1_MARKER";

inline nlohmann::json Minimal() {
  return nlohmann::json::parse(
      R"({"upstreams": {"paynow": {"base_url": "https://h", "api_key": {"env": "K"}}}})");
}

inline std::string Error(const nlohmann::json& config) {
  const absl::StatusOr<Config> parsed = ParseConfig("g.json", config.dump());
  return parsed.ok() ? "" : std::string(parsed.status().message());
}

// Returns the minimal configuration with `value` at `pointer`.
inline nlohmann::json With(const std::string& pointer, const nlohmann::json& value) {
  nlohmann::json config = Minimal();
  config[nlohmann::json::json_pointer(pointer)] = value;
  return config;
}

}  // namespace gateway

#endif  // TESTS_SERVICE_CONFIG_MINIMAL_CONFIG_H_
