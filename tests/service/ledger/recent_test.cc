// The contract of both stores for ClaimAnswer::recent: the entries that held the claim's guard just
// before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/service/ledger/calls.h"
#include "tests/service/ledger/store_under_test.h"

namespace gateway::ledger {
namespace {

class RecentTest : public testing::TestWithParam<const char*> {
 protected:
  RecentTest() : store_(MakeStore(GetParam())), ledger_(store_->Open(TestOptions())) {}

  static ClaimRequest Refund(const std::string& key, const std::string& order,
                             absl::Duration settle = absl::Minutes(1)) {
    ClaimRequest request = RequestOf(key, "print", order);
    request.settle = settle;
    return request;
  }

  ClaimAnswer Claimed(ClaimRequest request) {
    const absl::StatusOr<ClaimAnswer> answer = Claim(*ledger_, std::move(request));
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return {};
    EXPECT_EQ(answer->kind, ClaimAnswer::kClaimed);
    return *answer;
  }

  ClaimAnswer Done(const std::string& key, const std::string& order) {
    const ClaimAnswer claimed = Claimed(Refund(key, order));
    EXPECT_TRUE(Settle(*ledger_, claimed, {Settlement::kDone, "reply of " + key}).ok());
    return claimed;
  }

  static std::vector<std::string> RepliesOf(const ClaimAnswer& answer) {
    std::vector<std::string> replies;
    for (const Entry& entry : answer.recent) replies.push_back(entry.reply.value_or("none"));
    return replies;
  }

  std::unique_ptr<StoreUnderTest> store_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_P(RecentTest, IsWhatHeldTheGuardAndIsDone) {
  Done("a", "order 1");
  Done("b", "order 1");
  Done("c", "order 2");
  const ClaimAnswer refused = Claimed(Refund("d", "order 1"));
  ASSERT_TRUE(Settle(*ledger_, refused, {Settlement::kRefused}).ok());
  EXPECT_THAT(RepliesOf(Claimed(Refund("e", "order 1"))),
              testing::ElementsAre("reply of b", "reply of a"));
}

TEST_P(RecentTest, OutlivesTheProcess) {
  Done("a", "order 1");
  ledger_.reset();
  ledger_ = store_->Open(TestOptions());
  EXPECT_THAT(RepliesOf(Claimed(Refund("b", "order 1"))), testing::ElementsAre("reply of a"));
}

TEST_P(RecentTest, ComesToWhoeverClaimsAgainToo) {
  const ClaimAnswer refused = Claimed(Refund("a", "order 1"));
  ASSERT_TRUE(Settle(*ledger_, refused, {Settlement::kRefused}).ok());
  Done("b", "order 1");
  EXPECT_THAT(RepliesOf(Claimed(Refund("a", "order 1"))), testing::ElementsAre("reply of b"));
}

TEST_P(RecentTest, GoesBackSoFarAsWasAsked) {
  Done("a", "order 1");
  EXPECT_THAT(Claimed(Refund("b", "order 1", absl::ZeroDuration())).recent, testing::IsEmpty());
  const ClaimAnswer later = Claimed(Refund("c", "order 2", absl::Microseconds(1)));
  EXPECT_THAT(later.recent, testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Stores, RecentTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& store) { return std::string(store.param); });

}  // namespace
}  // namespace gateway::ledger
