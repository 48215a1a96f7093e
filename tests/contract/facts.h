// What one account of an upstream's contract states, in a form in which two accounts can be laid
// side by side: units (an operation, a schema), and in each the places where something is said.
//
//   "operation Orders_RefundOrder"    "verb"          "POST"
//                                     "reply.type"    "RefundDto"
//   "schema OrderDto"                 "form"          "object"
//                                     "id.type"       "FlakeId"
//                                     "id.required"   "yes"
//
// The two accounts are written by code that shares nothing but these words: published_contract.h
// reads the upstream's data, proto_contract.h the descriptors. A place that only one side mentions
// is a difference like any other, so whatever is odd on one side needs only to be said there.
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

// By place. Nothing is said of a place that is not there.
using Unit = std::map<std::string, std::string>;
// By name.
using Facts = std::map<std::string, Unit>;

// What is said twice of one place stays visible: "int32 and int64", "yes and yes".
void Say(Unit& unit, absl::string_view place, absl::string_view text);

// A unit that is there already is marked as declared twice.
void AddUnit(Facts& facts, const std::string& name, Unit unit);

// `place` is empty where one side lacks the whole unit. A side that says nothing is empty.
struct Difference {
  std::string unit;
  std::string place;
  std::string contract;
  std::string protos;

  bool operator==(const Difference&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Difference& difference);

// The differences of two accounts are those of their units, one by one: no unit's outcome depends
// on another unit. That is why a test that changes one unit may compare that one alone.
std::vector<Difference> Compare(const Facts& contract, const Facts& protos);

// Of the one unit.
std::vector<Difference> CompareUnit(const std::string& name, const Facts& contract,
                                    const Facts& protos);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_FACTS_H_
