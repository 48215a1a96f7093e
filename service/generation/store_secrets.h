// The secrets of a store that the gateway keeps, a ledger or a log of events: read from files that
// the configuration names, or else made once beside the store.
//
// Thread-safety: functions without state. Errors begin with the configuration's key.
#ifndef SERVICE_GENERATION_STORE_SECRETS_H_
#define SERVICE_GENERATION_STORE_SECRETS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway {

// Returns the text of the file. INVALID_ARGUMENT if it has less than 32 visible characters.
absl::StatusOr<std::string> ReadStoreSecret(absl::string_view key, const std::string& file);

// Returns the text of the file `configured`. If that is "", returns the text of the file `beside`,
// which is made if it does not exist. Several processes may do this at the same time: all get the
// same text.
absl::StatusOr<std::string> StoreSecretOr(const std::string& key, const std::string& configured,
                                          const std::string& beside);

// Derives a key of ReplyCipher's length from a secret of any length. Returns "" for "".
std::string CipherKeyOf(const std::string& secret);

// Makes the folder of a SQLite file (mode 0700) unless it exists. The store does so too, but the
// secrets are needed earlier.
absl::Status MakeStoreFolder(const std::string& file);
// Returns the error with which MakeStoreFolder would fail, and makes nothing.
absl::Status CheckStoreFolder(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_GENERATION_STORE_SECRETS_H_
