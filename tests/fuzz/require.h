// Reports that a fuzz target found a broken promise.
#ifndef TESTS_FUZZ_REQUIRE_H_
#define TESTS_FUZZ_REQUIRE_H_

#include "absl/strings/string_view.h"

namespace gateway::fuzz {

// Aborts the program if `kept` is false; fuzzers detect that.
void Require(bool kept, absl::string_view promise);

}  // namespace gateway::fuzz

#endif  // TESTS_FUZZ_REQUIRE_H_
