// The section `authorization` of the configuration. Each default stands beside its member.
#ifndef SERVICE_CONFIG_AUTHORIZATION_CONFIG_H_
#define SERVICE_CONFIG_AUTHORIZATION_CONFIG_H_

#include <string>

#include "absl/time/time.h"
#include "service/config/config_reader.h"

namespace gateway::authorization {

struct JwtConfig {
  std::string jwks_file;  // empty: tokens are ignored
  std::string issuer;
  std::string audience;
  absl::Duration leeway = absl::Seconds(30);
  absl::Duration max_life = absl::Hours(24);

  bool operator==(const JwtConfig&) const = default;
};

struct Config {
  std::string policy_file;  // empty: every caller may do everything
  JwtConfig jwt;

  bool operator==(const Config&) const = default;
  bool enabled() const { return !policy_file.empty(); }
};

// Errors go to the reader.
Config ReadConfig(ConfigReader::Section& root);

}  // namespace gateway::authorization

#endif  // SERVICE_CONFIG_AUTHORIZATION_CONFIG_H_
