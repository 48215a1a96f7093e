// The whole of a small file.
#ifndef SERVICE_CONFIG_READ_FILE_H_
#define SERVICE_CONFIG_READ_FILE_H_

#include <optional>
#include <string>

namespace gateway {

// Returns nullopt if the file cannot be read to its end, for example because it is a directory.
std::optional<std::string> ReadFile(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_CONFIG_READ_FILE_H_
