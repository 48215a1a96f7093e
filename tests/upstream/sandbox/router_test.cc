#include "upstream/sandbox/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

using testing::ElementsAre;
using testing::Pair;

class RouterTest : public testing::Test {
 protected:
  Router::Match Find(const char* verb, const char* target) {
    return router_.Find(verb, ParseTarget(target).segments);
  }

  const std::unique_ptr<const Contract> contract_ =
      Contract::Parse(FindBundle("paynow")->contract).value();
  const Router router_{*contract_};
};

TEST_F(RouterTest, FindsEveryOperationByItsOwnPath) {
  for (const Operation& operation : contract_->operations()) {
    const auto match = router_.Find(operation.verb, ParseTarget(operation.path).segments);
    ASSERT_NE(match.operation, nullptr) << operation.path;
    EXPECT_EQ(match.operation->id, operation.id);
    EXPECT_EQ(match.values.size(), operation.path_params.size());
  }
}

TEST_F(RouterTest, LiteralPartsWin) {
  EXPECT_EQ(Find("PATCH", "/v1/stores/1/navlinks/sort-orders").operation->rpc,
            "UpdateNavLinkOrder");
  EXPECT_EQ(Find("PATCH", "/v1/stores/1/navlinks/2").operation->rpc, "UpdateNavLink");
  EXPECT_EQ(Find("GET", "/v1/stores/1/webhooks/variables").operation->rpc, "GetVariables");
  EXPECT_EQ(Find("GET", "/v1/stores/1/products/pricing/regions").operation->rpc,
            "GetStorePricingRegions");
  EXPECT_EQ(Find("GET", "/v1/stores/1/products/2/pricing/regions").operation->rpc,
            "GetProductPricingRegions");
  EXPECT_EQ(Find("GET", "/v1/stores/1/customers/lookup").operation->rpc, "LookupCustomer");
}

TEST_F(RouterTest, ALiteralPartWithoutThisVerbDoesNotHideTheParameter) {
  EXPECT_EQ(Find("DELETE", "/v1/stores/1/webhooks/variables").operation->rpc, "DeleteSubscription");
}

TEST_F(RouterTest, TellsUnknownPathFromUnknownVerb) {
  EXPECT_FALSE(Find("GET", "/v1/nothing").path_known);
  EXPECT_FALSE(Find("GET", "/v1/stores/1/orders/").path_known);
  EXPECT_FALSE(Find("GET", "/v1/stores//orders").path_known);
  EXPECT_FALSE(Find("GET", "v1/stores").path_known);
  EXPECT_FALSE(Find("GET", "").path_known);
  const auto match = Find("DELETE", "/v1/stores/1/orders");
  EXPECT_TRUE(match.path_known);
  EXPECT_EQ(match.operation, nullptr);
}

TEST_F(RouterTest, ValuesAreDecodedAfterThePathIsCut) {
  EXPECT_THAT(Find("GET", "/v1/stores/1/orders/a%2Fb%20+%C3%A9").values,
              ElementsAre("1", "a/b +\xC3\xA9"));
}

TEST(ParseTarget, Query) {
  const Target target = ParseTarget("/a?x=1&x=2&y=a+b%26c&flag&=v&bad=%zz%2#frag");
  EXPECT_THAT(target.segments, ElementsAre("", "a"));
  EXPECT_THAT(target.query, ElementsAre(Pair("x", "1"), Pair("x", "2"), Pair("y", "a b&c"),
                                        Pair("flag", ""), Pair("", "v"), Pair("bad", "%zz%2")));
}

}  // namespace
}  // namespace gateway::sandbox
