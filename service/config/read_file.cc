#include "service/config/read_file.h"

#include <fstream>
#include <sstream>

namespace gateway {

std::optional<std::string> ReadFile(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream ||
      (stream.peek() != std::ifstream::traits_type::eof() && !(text << stream.rdbuf()))) {
    return std::nullopt;
  }
  if (stream.bad()) return std::nullopt;
  return text.str();
}

}  // namespace gateway
