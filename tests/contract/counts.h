// How much of everything an upstream's contract declares: counts.json, written by
// tools/scripts/contract_counts.py from the published file. No count of a contract stands in C++.
//
// Thread-safety: pure functions. Errors: a provider or a count that is not there ends the program.
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
