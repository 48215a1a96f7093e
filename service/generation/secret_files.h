// The files that a configuration names.
#ifndef SERVICE_GENERATION_SECRET_FILES_H_
#define SERVICE_GENERATION_SECRET_FILES_H_

#include <set>
#include <string>

#include "service/config/config.h"

namespace gateway {

// The files that hold a secret: keys and passwords for upstreams, webhook secrets, the keys of the
// port's and the receiver's certificates, and the secrets of the ledger, of the log of events and
// of its forwarders.
std::set<std::string> SecretFilesOf(const Config& config);

// The files that a gateway reads again when they change: the secrets, certificates, policy and key
// set.
std::set<std::string> WatchedFilesOf(const Config& config);

// Logs a line for each secret's file that everybody on the machine may read, or may write.
void WarnOfReadableSecrets(const Config& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_SECRET_FILES_H_
