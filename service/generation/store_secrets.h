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

// The text of the file. INVALID_ARGUMENT: it has less than 32 visible characters.
absl::StatusOr<std::string> ReadStoreSecret(absl::string_view key, const std::string& file);

// Of the file `configured`; where that is "", of the file `beside`, which is made if it is not
// there.
absl::StatusOr<std::string> StoreSecretOr(const std::string& key, const std::string& configured,
                                          const std::string& beside);

// A key of ReplyCipher's length from a secret of any; "" of "".
std::string CipherKeyOf(const std::string& secret);

// The folder of a SQLite file, 0700, unless it is there. The store makes it too; but the secrets
// are needed first.
absl::Status MakeStoreFolder(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_GENERATION_STORE_SECRETS_H_
