// The number of elements that an upstream's contract declares: counts.json, which
// tools/scripts/contract_counts.py writes from the published file. No such number is hard-coded in
// C++.
//
// Thread-safety: pure functions. Errors: an unknown provider or count ends the program.
#ifndef TESTS_CONTRACT_COUNTS_H_
#define TESTS_CONTRACT_COUNTS_H_

#include <cstddef>
#include <string>

namespace gateway::contract {

// `what`: "operations", "writes" (not GET), "parameters", "schemas", "objects", "enums", "fields",
// "enum_texts".
size_t CountOf(const std::string& provider, const std::string& what);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_COUNTS_H_
