// The comparison sees every fact of the contract data: if a fact is changed, the comparison reports
// a difference at the fact's place. A change of an ignored fact is not reported.
//
// A mutant changes one operation or schema. PublishedFacts adds each unit by a separate call, and
// Compare joins the results of CompareUnit for all units. So comparing only the changed unit gives
// the same differences as comparing everything. ComparingEverythingFindsTheSame checks that on
// samples.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/contract/contract_mutants.h"
#include "tests/contract/deviations.h"
#include "tests/contract/facts.h"
#include "tests/contract/providers.h"
#include "tests/contract/published_contract.h"

namespace gateway::contract {
namespace {

using nlohmann::json;

// Whether the verdict has a difference of this unit whose place begins with `place`, or whose place
// is empty (the unit as a whole).
bool Names(const Verdict& verdict, const std::string& unit, const std::string& place) {
  for (const auto* differences : {&verdict.unexplained, &verdict.vanished}) {
    for (const Difference& difference : *differences) {
      if (difference.unit != unit) continue;
      if (difference.place.empty() || absl::StartsWith(difference.place, place)) return true;
    }
  }
  return false;
}

struct Expected {
  const char* provider;
  int of_operations, of_schemas;  // minimum numbers of falsified facts
};

class ContractMutationTest : public testing::TestWithParam<Expected> {
 protected:
  // `mutated` holds only the facts of the mutant. If the mutant changes the unit's name, they are
  // under the new name.
  Verdict JudgeMutated(const std::string& unit, const Facts& mutated) const {
    return JudgeUnit(unit, CompareUnit(unit, mutated, protos_), deviations_);
  }

  void ExpectSeen(const std::string& unit, const Mutant& mutant, const Facts& mutated) {
    Verdict verdict = JudgeMutated(unit, mutated);
    if (mutant.silent) {
      ++silent_;
      EXPECT_TRUE(verdict.agreed()) << unit << " " << mutant.what << "\n" << Report(verdict);
    } else {
      ++seen_;
      EXPECT_TRUE(Names(verdict, unit, mutant.place))
          << unit << " " << mutant.what << ": nothing at \"" << mutant.place << "\"\n"
          << Report(verdict);
    }
  }

  void ExpectAtLeast(int seen) const {
    std::cout << GetParam().provider << ": " << seen_ << " facts falsified, " << silent_
              << " changes made that no proto can say\n";
    EXPECT_GE(seen_, seen);
  }

  const json contract_ = ContractOf(GetParam().provider);
  const Texts texts_ = TextsOf(contract_);
  const Facts protos_ = ProtoFactsOf(GetParam().provider);
  const std::vector<Deviation> deviations_ = DeviationsOf(GetParam().provider);
  int seen_ = 0;
  int silent_ = 0;
};

TEST_P(ContractMutationTest, EveryFactOfAnOperation) {
  for (const json& operation : contract_["operations"]) {
    std::string unit = UnitOf(operation);
    for (const Mutant& mutant : OperationMutants(operation, texts_)) {
      Facts mutated;
      AddOperation(mutant.unit, mutated);
      ExpectSeen(unit, mutant, mutated);
    }
  }
  ExpectAtLeast(GetParam().of_operations);
}

TEST_P(ContractMutationTest, EveryFactOfASchema) {
  for (const auto& [name, schema] : contract_["schemas"].items()) {
    for (const Mutant& mutant : SchemaMutants(schema, texts_)) {
      Facts mutated;
      AddSchema(name, mutant.unit, mutated);
      ExpectSeen(absl::StrCat("schema ", name), mutant, mutated);
    }
  }
  ExpectAtLeast(GetParam().of_schemas);
}

TEST_P(ContractMutationTest, EveryOperationThatIsMissingOrTwice) {
  for (const json& operation : contract_["operations"]) {
    std::string unit = UnitOf(operation);
    EXPECT_TRUE(Names(JudgeMutated(unit, {}), unit, "")) << unit;
    Facts twice;
    AddOperation(operation, twice);
    AddOperation(operation, twice);
    EXPECT_TRUE(Names(JudgeMutated(unit, twice), unit, "declared twice")) << unit;
  }
}

TEST_P(ContractMutationTest, EverySchemaThatIsMissing) {
  for (const auto& [name, schema] : contract_["schemas"].items()) {
    std::string unit = absl::StrCat("schema ", name);
    EXPECT_TRUE(Names(JudgeMutated(unit, {}), unit, "")) << unit;
  }
}

TEST_P(ContractMutationTest, EveryEventThatIsMissingOrAnother) {
  for (const json& event : contract_.value("events", json::array())) {
    const std::string unit = absl::StrCat("event ", event["type"].get<std::string>());
    EXPECT_TRUE(Names(JudgeMutated(unit, {}), unit, "")) << unit;
    json other = event;
    other["ref"] = "CheckoutSession";
    Facts mutated;
    AddEvent(other, mutated);
    EXPECT_TRUE(Names(JudgeMutated(unit, mutated), unit, "whole")) << unit;
  }
}

TEST_P(ContractMutationTest, WhatOnlyTheContractHas) {
  json contract = contract_;
  contract["operations"].push_back(contract["operations"][0]);
  contract["operations"].back()["id"] = "Orders_CancelOrder";
  contract["schemas"]["ColorDto"] = {{"type", "object"}, {"fields", json::object()}};
  contract["version"] = "v0";
  contract["unheard_of"] = true;
  Verdict verdict = Judge(Compare(PublishedFacts(contract), protos_), deviations_);
  EXPECT_TRUE(Names(verdict, "operation Orders_CancelOrder", ""));
  EXPECT_TRUE(Names(verdict, "schema ColorDto", ""));
  EXPECT_TRUE(Names(verdict, "API", "version"));
  EXPECT_TRUE(Names(verdict, "API", "unread unheard_of"));
  EXPECT_EQ(verdict.unexplained.size(), 4);
}

TEST_P(ContractMutationTest, ComparingEverythingFindsTheSame) {
  const int kEvery = GetParam().of_schemas / 31;
  int position = 0;
  for (const auto& [name, schema] : contract_["schemas"].items()) {
    std::string unit = absl::StrCat("schema ", name);
    for (const Mutant& mutant : SchemaMutants(schema, texts_)) {
      if (++position % kEvery != 0) continue;
      json contract = contract_;
      contract["schemas"][name] = mutant.unit;
      Facts mutated;
      AddSchema(name, mutant.unit, mutated);
      Verdict whole = Judge(Compare(PublishedFacts(contract), protos_), deviations_);
      EXPECT_EQ(whole.unexplained, JudgeMutated(unit, mutated).unexplained) << mutant.what;
    }
  }
  EXPECT_GE(position / kEvery, 30);
}

// A listed deviation that no longer exists is reported.
TEST_P(ContractMutationTest, EveryDeviationThatIsNeedless) {
  for (const Deviation& deviation : deviations_) {
    const Difference& meant = deviation.difference;
    Facts agreeing;
    agreeing[meant.unit] = protos_.at(meant.unit);
    EXPECT_EQ(JudgeMutated(meant.unit, agreeing).unexplained, std::vector<Difference>());
    EXPECT_THAT(JudgeMutated(meant.unit, agreeing).vanished, testing::Contains(meant));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ContractMutationTest,
                         testing::Values(Expected{"convergegate", 240, 1000},
                                         Expected{"paymentkit", 1300, 2400},
                                         Expected{kPaynow, 9000, 30000},
                                         Expected{"qashier", 270, 700}),
                         [](const auto& info) { return std::string(info.param.provider); });

}  // namespace
}  // namespace gateway::contract
