#include "tests/contract/facts.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gateway::contract {
namespace {

std::string TextAt(const Unit& unit, const std::string& place) {
  auto found = unit.find(place);
  return found == unit.end() ? "" : found->second;
}

template <typename Map>
void InsertKeys(const Map& map, std::set<std::string>& keys) {
  for (const auto& [key, value] : map) keys.insert(key);
}

std::string Spoken(absl::string_view text) {
  return text.empty() ? "nothing" : absl::StrCat("\"", text, "\"");
}

}  // namespace

void Say(Unit& unit, absl::string_view place, absl::string_view text) {
  auto [at, added] = unit.emplace(place, text);
  if (!added) absl::StrAppend(&at->second, " and ", text);
}

void AddUnit(Facts& facts, const std::string& name, Unit unit) {
  auto [at, added] = facts.emplace(name, std::move(unit));
  if (!added) Say(at->second, "declared twice", "yes");
}

std::ostream& operator<<(std::ostream& out, const Difference& difference) {
  out << difference.unit;
  if (!difference.place.empty()) out << ", " << difference.place;
  return out << ": the contract says " << Spoken(difference.contract) << ", the protos say "
             << Spoken(difference.protos);
}

std::vector<Difference> Compare(const Facts& contract, const Facts& protos) {
  std::set<std::string> names;
  InsertKeys(contract, names);
  InsertKeys(protos, names);
  std::vector<Difference> differences;
  for (const std::string& name : names) {
    std::vector<Difference> some = CompareUnit(name, contract, protos);
    differences.insert(differences.end(), some.begin(), some.end());
  }
  return differences;
}

std::vector<Difference> CompareUnit(const std::string& name, const Facts& contract,
                                    const Facts& protos) {
  auto left = contract.find(name);
  auto right = protos.find(name);
  bool on_left = left != contract.end();
  bool on_right = right != protos.end();
  if (!on_left && !on_right) return {};
  if (!on_left) return {{name, "", "", "declared"}};
  if (!on_right) return {{name, "", "declared", ""}};

  std::set<std::string> places;
  InsertKeys(left->second, places);
  InsertKeys(right->second, places);
  std::vector<Difference> differences;
  for (const std::string& place : places) {
    std::string said = TextAt(left->second, place);
    std::string found = TextAt(right->second, place);
    if (said != found) differences.push_back({name, place, said, found});
  }
  return differences;
}

}  // namespace gateway::contract
