// The whole of a small file, and who else could put something into it.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_CONFIG_READ_FILE_H_
#define SERVICE_CONFIG_READ_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace gateway {

// Returns nullopt if the file cannot be read to its end, for example because it is a directory.
std::optional<std::string> ReadFile(const std::string& file);

// For a file of rules or authorities: whoever can write it decides in the gateway's place. Returns
// the reason if everybody on this machine can: "can be written by ..." for the file itself, "is in
// a folder that ..." where they could put another file in its place. Returns "" otherwise, also
// for a file that is not there.
std::string AgainstWriters(const std::string& file);

// ReadFile for such a file. NOT_FOUND: "cannot be read". INVALID_ARGUMENT: what AgainstWriters
// says.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_CONFIG_READ_FILE_H_
