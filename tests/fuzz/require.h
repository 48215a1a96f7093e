// How a fuzz target says that a promise was broken.
#ifndef TESTS_FUZZ_REQUIRE_H_
#define TESTS_FUZZ_REQUIRE_H_

#include "absl/strings/string_view.h"

namespace gateway::fuzz {

// Ends the program, which is what fuzzers look for.
void Require(bool kept, absl::string_view promise);

}  // namespace gateway::fuzz

#endif  // TESTS_FUZZ_REQUIRE_H_
