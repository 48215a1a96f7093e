// The whole of a small file.
#ifndef SERVICE_CONFIG_READ_FILE_H_
#define SERVICE_CONFIG_READ_FILE_H_

#include <optional>
#include <string>

namespace gateway {

// Nothing for what cannot be read to its end, a directory for example.
std::optional<std::string> ReadFile(const std::string& file);

}  // namespace gateway

#endif  // SERVICE_CONFIG_READ_FILE_H_
