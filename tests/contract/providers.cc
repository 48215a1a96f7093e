#include "tests/contract/providers.h"

#include <cstdlib>
#include <iostream>

#include "tests/contract/proto_contract.h"
#include "upstream/mapping/descriptors.h"

// The contents of the JSON files, which CMakeLists.txt embeds.
extern "C" {
extern const char contract_convergegate[], contract_convergegate_end[];
extern const char contract_paymentkit[], contract_paymentkit_end[];
extern const char contract_paynow[], contract_paynow_end[];
extern const char contract_qashier[], contract_qashier_end[];
extern const char deviations_convergegate[], deviations_convergegate_end[];
extern const char deviations_paymentkit[], deviations_paymentkit_end[];
extern const char deviations_paynow[], deviations_paynow_end[];
extern const char deviations_qashier[], deviations_qashier_end[];
}

namespace gateway::contract {
namespace {

struct Data {
  const char* provider;
  const char* package;
  const char* contract;
  const char* contract_end;
  const char* deviations;
  const char* deviations_end;
};

const Data& DataOf(const std::string& provider) {
  static const Data all[] = {
      {"convergegate", "convergegate.v1", contract_convergegate, contract_convergegate_end,
       deviations_convergegate, deviations_convergegate_end},
      {"paymentkit", "paymentkit.v1", contract_paymentkit, contract_paymentkit_end,
       deviations_paymentkit, deviations_paymentkit_end},
      {kPaynow, kPaynowPackage, contract_paynow, contract_paynow_end, deviations_paynow,
       deviations_paynow_end},
      {"qashier", "qashier.v1", contract_qashier, contract_qashier_end, deviations_qashier,
       deviations_qashier_end},
  };
  for (const Data& data : all) {
    if (data.provider == provider) return data;
  }
  std::cerr << "no contract of " << provider << "\n";
  std::abort();
}

}  // namespace

nlohmann::json ContractOf(const std::string& provider) {
  const Data& data = DataOf(provider);
  return nlohmann::json::parse(data.contract, data.contract_end);
}

std::vector<Deviation> DeviationsOf(const std::string& provider) {
  const Data& data = DataOf(provider);
  return ReadDeviations(nlohmann::json::parse(data.deviations, data.deviations_end));
}

Facts ProtoFactsOf(const std::string& provider) {
  return ProtoFacts(mapping::EmbeddedFiles(), DataOf(provider).package);
}

}  // namespace gateway::contract
