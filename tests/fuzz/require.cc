#include "tests/fuzz/require.h"

#include <cstdio>
#include <cstdlib>

namespace gateway::fuzz {

void Require(bool kept, absl::string_view promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

}  // namespace gateway::fuzz
