// Fuzzes the value of a Retry-After header.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/support.h"
#include "upstream/mapping/reply/error_reply.h"

namespace gateway::fuzz {
namespace {

void Try(absl::string_view header) {
  const auto wait = mapping::ParseRetryAfter(header, absl::FromUnixSeconds(1'750'000'000));
  Require(!wait.has_value() || (*wait >= absl::ZeroDuration() && *wait <= mapping::kMaxRetryAfter),
          "a wait has bounds");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
