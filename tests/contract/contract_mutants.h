// Every way to falsify one fact of an operation or schema of the contract data, one at a time: each
// text is replaced by another text of the same member, each number and flag is changed, each
// member, element, field and parameter is removed or renamed, flags, fields, parameters and members
// are added, and types are wrapped into arrays and maps.
//
// The code walks the JSON and does not know how a contract is read.
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
  std::string what;     // for the test's output: "/query/3/format = int64"
  nlohmann::json unit;  // the whole operation or schema, falsified
  std::string place;    // where the comparison must find it: a prefix of Difference::place
  bool silent = false;  // the protos cannot express it: the comparison must find nothing
};

// The texts that occur in the contract, grouped by the member that holds them.
using Texts = std::map<std::string, std::set<std::string>>;

Texts TextsOf(const nlohmann::json& contract);

std::vector<Mutant> OperationMutants(const nlohmann::json& operation, const Texts& texts);
std::vector<Mutant> SchemaMutants(const nlohmann::json& schema, const Texts& texts);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_CONTRACT_MUTANTS_H_
