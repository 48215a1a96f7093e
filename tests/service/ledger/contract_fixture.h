// Fixture for tests of both stores: a ledger that can be opened again, and functions that claim
// keys.
#ifndef TESTS_SERVICE_LEDGER_CONTRACT_FIXTURE_H_
#define TESTS_SERVICE_LEDGER_CONTRACT_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/store_under_test.h"

namespace gateway::ledger {

class ContractTest : public testing::TestWithParam<const char*> {
 protected:
  ContractTest() : store_(MakeStore(GetParam())), ledger_(store_->Open(TestOptions())) {}

  void Reopen(const Options& options = TestOptions()) {
    ledger_.reset();
    ledger_ = store_->Open(options);
  }

  ClaimAnswer Claimed(const std::string& key, const std::string& guard = "") {
    const absl::StatusOr<ClaimAnswer> answer = Claim(*ledger_, key, "print", guard);
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return {};
    EXPECT_EQ(answer->kind, ClaimAnswer::kClaimed);
    return *answer;
  }
  ClaimAnswer::Kind KindOf(const std::string& key, const std::string& fingerprint = "print",
                           const std::string& guard = "") {
    const absl::StatusOr<ClaimAnswer> answer = Claim(*ledger_, key, fingerprint, guard);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->kind : ClaimAnswer::kUnknown;
  }
  ClaimAnswer Unknown(const std::string& key, const std::string& guard = "") {
    const ClaimAnswer claimed = Claimed(key, guard);
    EXPECT_EQ(Settle(*ledger_, claimed, {Settlement::kUnknown})->state, State::kUnknown);
    return claimed;
  }

  std::unique_ptr<StoreUnderTest> store_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace gateway::ledger

#endif  // TESTS_SERVICE_LEDGER_CONTRACT_FIXTURE_H_
