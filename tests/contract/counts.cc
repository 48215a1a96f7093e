#include "tests/contract/counts.h"

#include <nlohmann/json.hpp>

// The content of counts.json, which gateway_embed() in CMakeLists.txt embeds.
extern "C" const char contract_counts_json[];
extern "C" const char contract_counts_json_end[];

namespace gateway::contract {

size_t CountOf(const std::string& provider, const std::string& what) {
  static const nlohmann::json& counts =
      *new nlohmann::json(nlohmann::json::parse(contract_counts_json, contract_counts_json_end));
  return counts.at(provider).at(what);
}

}  // namespace gateway::contract
