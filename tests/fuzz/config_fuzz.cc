// Fuzzes the configuration file. If the text is accepted, the kept text is accepted again. If the
// text is refused, the error names the file.
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "service/config/config.h"
#include "tests/fuzz/support.h"

namespace gateway::fuzz {
namespace {

constexpr char kFile[] = "fuzzed.json";

void Try(absl::string_view text) {
  const auto config = ParseConfig(kFile, text);
  if (config.ok()) {
    Require(ParseConfig(kFile, config->text).ok(), "what was taken is kept as it stood");
    return;
  }
  Require(absl::IsInvalidArgument(config.status()), "a bad file is an invalid argument");
  Require(absl::StrContains(config.status().message(), kFile), "an error names the file");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
