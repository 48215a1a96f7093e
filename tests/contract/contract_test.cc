// The protos and the upstream's contract say the same, apart from what deviations.<provider>.json
// lists.
#include <gtest/gtest.h>

#include <cstddef>
#include <iostream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/contract/deviations.h"
#include "tests/contract/facts.h"
#include "tests/contract/providers.h"
#include "tests/contract/published_contract.h"

namespace gateway::contract {
namespace {

using nlohmann::json;

// How many there are, and in how many nothing unexplained was found.
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

// `place` empty: the whole unit.
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
  std::string unit = absl::StrCat("operation ", operation["id"].get<std::string>());
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

struct Expected {
  const char* provider;
  size_t operations, parameters, schemas, fields, enum_texts;
};

class ContractTest : public testing::TestWithParam<Expected> {};

void ExpectAll(const Tally& tally, size_t expected) {
  EXPECT_EQ(tally.all, expected);
  EXPECT_EQ(tally.agreed, expected);
}

TEST_P(ContractTest, ProtosSayWhatTheUpstreamSays) {
  const json contract = ContractOf(GetParam().provider);
  const Facts published = PublishedFacts(contract);
  const std::vector<Deviation> deviations = DeviationsOf(GetParam().provider);
  Verdict verdict = Judge(Compare(published, ProtoFactsOf(GetParam().provider)), deviations);
  EXPECT_TRUE(verdict.agreed()) << "\n" << Report(verdict);

  size_t facts = 0;
  for (const auto& [name, unit] : published) facts += unit.size();
  Tallies agreed = Count(contract, verdict);
  std::cout << GetParam().provider << ": " << agreed.operations << " operations with "
            << agreed.parameters << " parameters, " << agreed.schemas << " schemas with "
            << agreed.fields << " fields and " << agreed.enum_texts
            << " enum texts agree: " << facts << " facts, "
            << verdict.unexplained.size() + verdict.vanished.size() << " differences, "
            << deviations.size() << " deviations\n";
  ExpectAll(agreed.operations, GetParam().operations);
  ExpectAll(agreed.parameters, GetParam().parameters);
  ExpectAll(agreed.schemas, GetParam().schemas);
  ExpectAll(agreed.fields, GetParam().fields);
  ExpectAll(agreed.enum_texts, GetParam().enum_texts);
}

TEST_P(ContractTest, EveryDeviationHasAReason) {
  for (const Deviation& deviation : DeviationsOf(GetParam().provider)) {
    EXPECT_FALSE(deviation.reason.empty()) << deviation.difference;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ContractTest,
                         testing::Values(Expected{"convergegate", 5, 3, 11, 54, 10},
                                         Expected{"paymentkit", 18, 28, 38, 110, 33},
                                         Expected{kPaynow, 158, 369, 262, 1667, 347},
                                         Expected{"qashier", 4, 7, 15, 49, 8}),
                         [](const auto& info) { return std::string(info.param.provider); });

}  // namespace
}  // namespace gateway::contract
