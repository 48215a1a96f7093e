// The facts that one account of an upstream's contract states, in a form in which two accounts can
// be compared: units (an operation, a schema), and for each unit the places and their texts.
//
//   unit                               place            text
//   "operation Orders_RefundOrder"     "verb"           "POST"
//                                      "reply.type"     "RefundDto"
//   "schema OrderDto"                  "form"           "object"
//                                      "id.type"        "FlakeId"
//                                      "id.required"    "yes"
//
// The two accounts are produced by code that shares only these words: published_contract.h reads
// the upstream's data, proto_contract.h the descriptors. A place that only one account has is a
// difference, so an irregularity has to be stated only in the account where it occurs.
//
// Thread-safety: values. Errors: none; malformed input shows as a difference.
#ifndef TESTS_CONTRACT_FACTS_H_
#define TESTS_CONTRACT_FACTS_H_

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::contract {

// Maps each place to its text. A place without a fact has no entry.
using Unit = std::map<std::string, std::string>;
// Maps each unit's name to the unit.
using Facts = std::map<std::string, Unit>;

// Adds a fact. If a place gets two facts, both stay visible: "int32 and int64", "yes and yes".
void Say(Unit& unit, absl::string_view place, absl::string_view text);

// Adds a unit. If the unit already exists, it is marked as declared twice.
void AddUnit(Facts& facts, const std::string& name, Unit unit);

// `place` is empty if one side lacks the whole unit. `contract` or `protos` is empty if that side
// has no fact at the place; for a whole unit, the side that has the unit says "declared".
struct Difference {
  std::string unit;
  std::string place;
  std::string contract;
  std::string protos;

  bool operator==(const Difference&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Difference& difference);

// Compares two accounts unit by unit. The result for one unit does not depend on other units, so a
// test that changes one unit may compare only that unit.
std::vector<Difference> Compare(const Facts& contract, const Facts& protos);

// Compares one unit.
std::vector<Difference> CompareUnit(const std::string& name, const Facts& contract,
                                    const Facts& protos);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_FACTS_H_
