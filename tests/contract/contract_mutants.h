// Every way to falsify one fact of an operation or a schema of the contract data, one at a time:
// each text replaced by another that stands in the same member elsewhere, each number and flag
// changed, each member, element, field and parameter taken away or renamed, flags, fields,
// parameters and members added, types wrapped into arrays and maps.
//
// It walks the JSON and knows nothing of how a contract is read.
//
// Thread-safety: pure functions. Lifetime: mutants are copies.
#ifndef TESTS_CONTRACT_CONTRACT_MUTANTS_H_
#define TESTS_CONTRACT_CONTRACT_MUTANTS_H_

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace gateway::contract {

struct Mutant {
  std::string what;     // for the reader: "/query/3/format = int64"
  nlohmann::json unit;  // the whole operation or schema, falsified
  std::string place;    // where the comparison has to find it: the beginning of Difference::place
  bool silent = false;  // the protos cannot say it: the comparison must find nothing
};

// The texts that occur in the contract, by the member they are of.
using Texts = std::map<std::string, std::set<std::string>>;

Texts TextsOf(const nlohmann::json& contract);

std::vector<Mutant> OperationMutants(const nlohmann::json& operation, const Texts& texts);
std::vector<Mutant> SchemaMutants(const nlohmann::json& schema, const Texts& texts);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_CONTRACT_MUTANTS_H_
