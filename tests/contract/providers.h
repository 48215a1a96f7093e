// For each provider: the two accounts of its API that the tests compare (the contract data and the
// protos), and the intended differences.
//
// Thread-safety: pure functions. Lifetime: descriptors are never destroyed. Errors: a provider that
// is not in kProviders ends the program.
#ifndef TESTS_CONTRACT_PROVIDERS_H_
#define TESTS_CONTRACT_PROVIDERS_H_

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/contract/deviations.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

inline constexpr char kPaynow[] = "paynow";
inline constexpr char kPaynowPackage[] = "paynow.management.v1";

inline constexpr const char* kProviders[] = {"convergegate", "paymentkit", kPaynow, "qashier"};

// Returns the content of upstream/sandbox/contracts/<provider>.json.
nlohmann::json ContractOf(const std::string& provider);

// Returns the entries of deviations.<provider>.json.
std::vector<Deviation> DeviationsOf(const std::string& provider);

// Returns the facts of the protos that the build embeds for the service.
Facts ProtoFactsOf(const std::string& provider);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROVIDERS_H_
