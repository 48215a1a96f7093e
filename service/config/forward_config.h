// An entry of `events.forward` in the configuration: a target to which the gateway itself hands
// events on. Each default stands beside its member.
#ifndef SERVICE_CONFIG_FORWARD_CONFIG_H_
#define SERVICE_CONFIG_FORWARD_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "service/config/config_reader.h"
#include "service/config/connection_config.h"

namespace gateway {

struct HttpForwardConfig {
  std::string url;
  // Events may cross a network in plain text.
  bool allow_plaintext = false;
  UpstreamTlsFiles tls;
  ProxyConfig proxy;
  // By names that the operator chooses. Each secret signs every event.
  std::map<std::string, KeySource> secrets;

  bool operator==(const HttpForwardConfig&) const = default;
};

struct NatsForwardConfig {
  std::vector<std::string> servers;
  std::string stream;
  std::string subject;
  // Events, and a password, may cross a network in plain text.
  bool allow_plaintext = false;
  UpstreamTlsFiles tls;
  // User and password, or a file of credentials, or neither.
  std::string user;
  std::string password_file;
  std::string credentials_file;

  bool operator==(const NatsForwardConfig&) const = default;
};

struct ForwardConfig {
  // The filter of its subscription. An empty list: all.
  std::vector<std::string> providers;
  std::vector<std::string> types;
  std::vector<std::string> stores;
  int32_t max_attempts = 20;
  bool ordered = false;

  int64_t max_in_flight = 16;
  absl::Duration timeout = absl::Seconds(10);
  // The longest pause after the first failed try; doubled with each further one, up to max_wait.
  absl::Duration base_wait = absl::Seconds(1);
  absl::Duration max_wait = absl::Minutes(10);
  // Exactly one of these two is configured.
  HttpForwardConfig http;
  NatsForwardConfig nats;

  bool operator==(const ForwardConfig&) const = default;
};

// Errors go to the reader.
ForwardConfig ReadForward(ConfigReader::Section& section);

}  // namespace gateway

#endif  // SERVICE_CONFIG_FORWARD_CONFIG_H_
