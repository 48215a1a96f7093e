#include "tests/contract/paynow.h"

#include "tests/contract/proto_contract.h"
#include "upstream/mapping/descriptors.h"

extern "C" {
extern const char contract_paynow[];
extern const char contract_paynow_end[];
extern const char contract_paynow_deviations[];
extern const char contract_paynow_deviations_end[];
}

namespace gateway::contract {

nlohmann::json PaynowContract() {
  return nlohmann::json::parse(contract_paynow, contract_paynow_end);
}

std::vector<Deviation> PaynowDeviations() {
  return ReadDeviations(
      nlohmann::json::parse(contract_paynow_deviations, contract_paynow_deviations_end));
}

Facts PaynowProtoFacts() { return ProtoFacts(mapping::EmbeddedFiles(), kPaynowPackage); }

}  // namespace gateway::contract
