// The files that a configuration names.
#ifndef SERVICE_GENERATION_SECRET_FILES_H_
#define SERVICE_GENERATION_SECRET_FILES_H_

#include <set>
#include <string>

#include "service/config/config.h"

namespace gateway {

// Those that hold a secret: keys of upstreams, of webhooks, and of the port's certificate.
std::set<std::string> SecretFilesOf(const Config& config);

// Those that a gateway has to look at again when they change: the secrets, and what belongs to
// them.
std::set<std::string> WatchedFilesOf(const Config& config);

// Logs a line for each secret whose file everybody on the machine may read.
void WarnOfReadableSecrets(const Config& config);

}  // namespace gateway

#endif  // SERVICE_GENERATION_SECRET_FILES_H_
