// The protos state the same facts as the upstream's contract, apart from the differences that
// deviations.<provider>.json lists.
#include <gtest/gtest.h>

#include <cstddef>
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/contract/counts.h"
#include "tests/contract/deviations.h"
#include "tests/contract/facts.h"
#include "tests/contract/providers.h"
#include "tests/contract/published_contract.h"

namespace gateway::contract {
namespace {

using nlohmann::json;

// The number of units, and the number of units that agree.
struct Tally {
  size_t agreed = 0;
  size_t all = 0;

  void Count(bool agrees) {
    ++all;
    if (agrees) ++agreed;
  }
};

std::ostream& operator<<(std::ostream& out, const Tally& tally) {
  return out << tally.agreed << "/" << tally.all;
}

// Whether the unit has no difference at a place that begins with `place` (empty: at any place).
bool Agrees(const Verdict& verdict, const std::string& unit, const std::string& place = "") {
  for (const auto* differences : {&verdict.unexplained, &verdict.vanished}) {
    for (const Difference& difference : *differences) {
      if (difference.unit != unit) continue;
      if (difference.place.empty() || absl::StartsWith(difference.place, place)) return false;
    }
  }
  return true;
}

struct Tallies {
  Tally operations, parameters, schemas, fields, enum_texts;
};

void CountOperation(const json& operation, const Verdict& verdict, Tallies& tallies) {
  std::string unit = UnitOf(operation);
  tallies.operations.Count(Agrees(verdict, unit));
  size_t position = 0;
  for (size_t i = 0; i < operation.value("path_params", json::array()).size(); ++i) {
    tallies.parameters.Count(Agrees(verdict, unit, absl::StrCat("path parameter ", ++position)));
  }
  for (const json& parameter : operation.value("query", json::array())) {
    std::string name = parameter["name"];
    tallies.parameters.Count(Agrees(verdict, unit, absl::StrCat("query ", name, ".")));
  }
}

void CountSchema(const std::string& name, const json& schema, const Verdict& verdict,
                 Tallies& tallies) {
  std::string unit = absl::StrCat("schema ", name);
  tallies.schemas.Count(Agrees(verdict, unit));
  const json fields = schema.value("fields", json::object());
  for (const auto& [field, value] : fields.items()) {
    tallies.fields.Count(Agrees(verdict, unit, field + "."));
  }
  for (const json& text : schema.value("enum", json::array())) {
    std::string place = absl::StrCat("value ", text.get<std::string>());
    tallies.enum_texts.Count(Agrees(verdict, unit, place));
  }
}

Tallies Count(const json& contract, const Verdict& verdict) {
  Tallies tallies;
  for (const json& operation : contract["operations"]) CountOperation(operation, verdict, tallies);
  for (const auto& [name, schema] : contract["schemas"].items()) {
    CountSchema(name, schema, verdict, tallies);
  }
  return tallies;
}

class ContractTest : public testing::TestWithParam<const char*> {
 protected:
  static void ExpectAll(const Tally& tally, const char* what) {
    EXPECT_EQ(tally.all, CountOf(GetParam(), what)) << what;
    EXPECT_EQ(tally.agreed, tally.all) << what;
  }
};

TEST_P(ContractTest, ProtosSayWhatTheUpstreamSays) {
  const json contract = ContractOf(GetParam());
  const Facts published = PublishedFacts(contract);
  const std::vector<Deviation> deviations = DeviationsOf(GetParam());
  Verdict verdict = Judge(Compare(published, ProtoFactsOf(GetParam())), deviations);
  EXPECT_TRUE(verdict.agreed()) << "\n" << Report(verdict);

  size_t facts = 0;
  for (const auto& [name, unit] : published) facts += unit.size();
  Tallies agreed = Count(contract, verdict);
  std::cout << GetParam() << ": " << agreed.operations << " operations with " << agreed.parameters
            << " parameters, " << agreed.schemas << " schemas with " << agreed.fields
            << " fields and " << agreed.enum_texts << " enum texts agree: " << facts << " facts, "
            << verdict.unexplained.size() + verdict.vanished.size() << " differences, "
            << deviations.size() << " deviations\n";
  ExpectAll(agreed.operations, "operations");
  ExpectAll(agreed.parameters, "parameters");
  ExpectAll(agreed.schemas, "schemas");
  ExpectAll(agreed.fields, "fields");
  ExpectAll(agreed.enum_texts, "enum_texts");
}

TEST_P(ContractTest, EveryDeviationHasAReason) {
  for (const Deviation& deviation : DeviationsOf(GetParam())) {
    EXPECT_FALSE(deviation.reason.empty()) << deviation.difference;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ContractTest, testing::ValuesIn(kProviders),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gateway::contract
