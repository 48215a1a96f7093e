// The comparison finds mistakes in protos: a table with one mistake of each kind, each compiled in
// its own pool.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "tests/contract/deviations.h"
#include "tests/contract/editable_protos.h"
#include "tests/contract/facts.h"
#include "tests/contract/mistakes.h"
#include "tests/contract/providers.h"
#include "tests/contract/published_contract.h"

namespace gateway::contract {

std::ostream& operator<<(std::ostream& out, const Mistake& mistake) { return out << mistake.name; }

namespace {

class ProtoMutationTest : public testing::TestWithParam<Mistake> {};

TEST_P(ProtoMutationTest, IsReportedAtItsPlace) {
  const Facts published = PublishedFacts(ContractOf(kPaynow));
  EditableProtos protos;
  GetParam().make(protos);
  absl::StatusOr<Facts> mutated = protos.Compile();
  ASSERT_TRUE(mutated.ok()) << mutated.status();
  Verdict verdict = Judge(Compare(published, *mutated), DeviationsOf(kPaynow));
  auto names_it = [](const Difference& difference) {
    return difference.unit == GetParam().unit && difference.place == GetParam().place;
  };
  auto& missed = verdict.vanished;
  auto& found = verdict.unexplained;
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), names_it) ||
              std::any_of(missed.begin(), missed.end(), names_it))
      << "nothing at " << GetParam().unit << ", " << GetParam().place << "\n"
      << Report(verdict);
}

std::string NameOf(const testing::TestParamInfo<Mistake>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Rpcs, ProtoMutationTest, testing::ValuesIn(MistakesInRpcs()), NameOf);
INSTANTIATE_TEST_SUITE_P(Types, ProtoMutationTest, testing::ValuesIn(MistakesInTypes()), NameOf);

TEST(EditableProtosTest, CompileToTheSameFactsUnchanged) {
  absl::StatusOr<Facts> unchanged = EditableProtos().Compile();
  ASSERT_TRUE(unchanged.ok()) << unchanged.status();
  EXPECT_EQ(*unchanged, ProtoFactsOf(kPaynow));
}

}  // namespace
}  // namespace gateway::contract
