// Finds settings that are well-formed but cannot work, or are unsafe. Runs before the gateway
// listens or calls anything.
//
// Thread-safety: pure functions, apart from reading files.
#ifndef SERVICE_CONFIG_CONFIG_CHECKS_H_
#define SERVICE_CONFIG_CONFIG_CHECKS_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/config/config.h"
#include "upstream/mapping/route.h"

namespace gateway {

// Checks what concerns several sections: the addresses to listen on, and settings that need other
// settings. Errors go to the reader.
void CheckTogether(ConfigReader::Section& root, const Config& config);

// Finds settings of server.tls that are in the file and have no effect: the operator would believe
// in a protection that does not exist. `file` is the whole configuration. Returns "<key>:
// <reason>", or "" if there is no such setting.
std::string AgainstTlsWithoutEffect(const nlohmann::json& file, const TlsConfig& tls);

// Checks an address to listen on: host and port. Returns an error text, or "".
std::string AgainstAddress(absl::string_view listen);

// Whether two listeners on these addresses would use the same port.
bool SameAddress(absl::string_view one, absl::string_view other);

// Whether a key that is sent to this base URL would cross a network in plain text.
bool SendsKeysInPlainText(absl::string_view base_url);

// Checks against the routes whether base URLs and stores fit the paths of the provider.
// INVALID_ARGUMENT begins with the key: "upstreams.paynow.base_url: ...".
absl::Status CheckUpstreams(const Config& config, const std::vector<mapping::Route>& routes);

// Refuses a `ledger.require_key` that names no write: calls would go on without a key.
// INVALID_ARGUMENT begins with the key, as from CheckUpstreams.
absl::Status CheckRequiredKeys(const Config& config, const std::vector<mapping::Route>& routes);

// Refuses a configuration with authorization if everybody on this machine can change the
// configuration's own file: they could name another file of rules there.
absl::Status CheckOwnFile(const Config& config);

// Refuses settings that contradict each other: a minimum above its maximum, and one file for two
// purposes. INVALID_ARGUMENT begins with the key, as from CheckUpstreams.
absl::Status CheckAgreement(const Config& config);

// Refuses files of trusted certificates that hold no certificate. INVALID_ARGUMENT begins with the
// key, as from CheckUpstreams.
absl::Status CheckAuthorities(const Config& config);

}  // namespace gateway

#endif  // SERVICE_CONFIG_CONFIG_CHECKS_H_
