// The two accounts of PayNow's management API that are compared, and the differences that are
// meant.
//
// Thread-safety: pure functions. Lifetime: descriptors live for ever.
#ifndef TESTS_CONTRACT_PAYNOW_H_
#define TESTS_CONTRACT_PAYNOW_H_

#include <google/protobuf/descriptor.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "tests/contract/deviations.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

inline constexpr char kPaynowPackage[] = "paynow.management.v1";

// upstream/sandbox/contracts/paynow.json
nlohmann::json PaynowContract();

// deviations.json
std::vector<Deviation> PaynowDeviations();

// What the build embeds for the service.
Facts PaynowProtoFacts();

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PAYNOW_H_
