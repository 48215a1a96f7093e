// Reads small files as a whole, and checks who else could write them.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_CONFIG_READ_FILE_H_
#define SERVICE_CONFIG_READ_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace gateway {

// Returns nullopt if the file cannot be read to its end, or is no regular file. Never waits for
// anybody: a pipe is not read, since its other end may never be opened, and a device not either.
std::optional<std::string> ReadFile(const std::string& file);

// Why ReadFile returned nothing: "is no regular file" or "cannot be read".
std::string WhyUnreadable(const std::string& file);

// For a file of rules or authorities: whoever can write it makes the gateway's decisions. Returns
// the reason if everybody on this machine can: "can be written by ..." for the file itself, "is in
// a folder that ..." if they could put another file in its place. Returns "" otherwise, also for a
// file that is not there.
std::string AgainstWriters(const std::string& file);

// ReadFile for such a file. NOT_FOUND: what WhyUnreadable says. INVALID_ARGUMENT: what
// AgainstWriters says.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_CONFIG_READ_FILE_H_
