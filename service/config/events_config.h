// The section `events` of the configuration, and the part of the section `webhooks` that is about
// receiving webhooks. Each default stands beside its member.
#ifndef SERVICE_CONFIG_EVENTS_CONFIG_H_
#define SERVICE_CONFIG_EVENTS_CONFIG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/config/config_reader.h"
#include "service/config/forward_config.h"
#include "service/config/sweep_config.h"

namespace gateway {

struct SubscriptionConfig {
  // An empty list: all.
  std::vector<std::string> providers;
  std::vector<std::string> types;
  std::vector<std::string> stores;
  absl::Duration ack_deadline = absl::Seconds(30);
  int32_t max_attempts = 20;
  bool ordered = false;

  bool operator==(const SubscriptionConfig&) const = default;
};

struct EventsConfig {
  std::string file;      // of SQLite; empty: SQLite is not used
  std::string dsn_file;  // connection string of PostgreSQL; empty: PostgreSQL is not used
  // Files with 32 visible characters or more. If body_key_file is empty with SQLite, the key's file
  // is made once, beside `file`.
  std::string body_key_file;
  std::string previous_body_key_file;  // empty: none
  absl::Duration keep = absl::Hours(24 * 30);
  int64_t max_bytes = int64_t{8} << 30;  // of the SQLite file
  std::map<std::string, SubscriptionConfig> subscriptions;
  // By forwarder. Each has a subscription of the same name.
  std::map<std::string, ForwardConfig> forward;
  std::map<std::string, SweepConfig> sweep;  // by upstream

  bool enabled() const { return !file.empty() || !dsn_file.empty(); }
  bool operator==(const EventsConfig&) const = default;
};

// Where webhooks are received over HTTP/1.1.
struct ReceiverConfig {
  std::string listen;  // empty: webhooks are not received
  // PEM files: the receiver's certificate with its chain, and the key. Empty: plain text.
  std::string certificate_file;
  std::string key_file;
  int64_t max_connections = 512;
  int64_t max_header_bytes = int64_t{16} * 1024;
  absl::Duration request_timeout = absl::Seconds(10);
  absl::Duration idle_timeout = absl::Minutes(1);
  int64_t max_failures_per_second = 100;

  bool operator==(const ReceiverConfig&) const = default;
};

// Whether an account may have this name. The name is a segment of a URL path, so it has only
// characters that need no escaping.
bool IsAccountName(absl::string_view name);
inline constexpr char kAccountNames[] =
    "a name has letters, digits, -, _ and dots, at most 100, and does not begin with a dot";

// Errors go to the reader. `section` is the section `webhooks`.
EventsConfig ReadEvents(ConfigReader::Section& root);
ReceiverConfig ReadReceiver(ConfigReader::Section& section);

// Reads what a subscription is limited to.
void ReadFilter(ConfigReader::Section& section, std::vector<std::string>& providers,
                std::vector<std::string>& types, std::vector<std::string>& stores);

}  // namespace gateway

#endif  // SERVICE_CONFIG_EVENTS_CONFIG_H_
