// Reads small files as a whole, and checks who else could write them.
//
// Thread-safety: may be called from any thread.
#ifndef SERVICE_CONFIG_READ_FILE_H_
#define SERVICE_CONFIG_READ_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace gateway {

// Returns nullopt if the file cannot be read to its end, or is no regular file. Pipes and devices
// are not read, because reading them could block for ever.
std::optional<std::string> ReadFile(const std::string& file);

// Why ReadFile returned nothing: "is no regular file" or "cannot be read".
std::string WhyUnreadable(const std::string& file);

// For a file of rules or authorities: whoever can change it decides for the gateway. If everybody
// on this machine can change it, returns the reason: "can be written by ..." for the file itself,
// "is in a folder that ..." if they could put another file in its place. Returns "" otherwise, also
// if the file does not exist.
std::string AgainstWriters(const std::string& file);

// Reads a file of rules or authorities. NOT_FOUND with the reason of WhyUnreadable, or
// INVALID_ARGUMENT with the reason of AgainstWriters.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_CONFIG_READ_FILE_H_
