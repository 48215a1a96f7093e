#include "upstream/mapping/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

using shop::RouteOf;

TEST(RouteTest, KnowsItsOperation) {
  const Route& route = RouteOf("UpdateGlass");
  EXPECT_EQ(route.full_name, "test.shop.v1.ShopService.UpdateGlass");
  EXPECT_EQ(route.service, "test.shop.v1.ShopService");
  EXPECT_EQ(route.rpc_path, "/test.shop.v1.ShopService/UpdateGlass");
  EXPECT_EQ(route.method, http::Method::kPatch);
  EXPECT_EQ(route.access, Access::kWrite);
  EXPECT_EQ(route.provider->name(), "shop");
  EXPECT_EQ(route.body->name, "body");
  EXPECT_EQ(route.mask->name, "update_mask");
  EXPECT_EQ(route.tenant->name, "stand_id");
  EXPECT_EQ(route.reply_shape, ReplyShape::kMessage);
  EXPECT_EQ(route.places,
            (std::vector<Place>{Place::kPath, Place::kPath, Place::kBody, Place::kMask}));
}

TEST(RouteTest, IsAReadOnlyWhereTheProtoSaysSo) {
  for (const Route& route : shop::Routes().routes()) {
    EXPECT_EQ(route.access == Access::kRead, route.method == http::Method::kGet) << route.full_name;
  }
}

TEST(RouteTest, KnowsTheShapeOfItsReply) {
  EXPECT_EQ(RouteOf("GetGlass").reply_shape, ReplyShape::kMessage);
  EXPECT_EQ(RouteOf("FindGlasses").reply_shape, ReplyShape::kField);
  EXPECT_EQ(RouteOf("GetGlassOrGlasses").reply_shape, ReplyShape::kArrayOrObject);
  EXPECT_EQ(RouteOf("DeleteGlass").reply_shape, ReplyShape::kNone);
  EXPECT_EQ(RouteOf("DeleteGlass").reply, nullptr);
}

TEST(RouteTest, ExistsForEveryRuleInOrder) {
  std::vector<std::string> names;
  for (const Route& route : shop::Routes().routes()) names.push_back(route.full_name);
  ASSERT_EQ(names.size(), 14u);  // CounterService has no rule
  EXPECT_EQ(names.front(), "test.shop.v1.ShopService.FindGlasses");
  EXPECT_EQ(names.back(), "test.shop.v1.ShopService.DeleteGlass");
}

TEST(PlanTest, OfATypeThatContainsItselfIsOne) {
  const MessagePlan& plan = shop::PlanOf("Everything");
  EXPECT_EQ(plan.ByName("nested")->message, &plan);
  EXPECT_EQ(plan.ByName("nesteds")->message, &plan);
  EXPECT_EQ(plan.ByName("nested_map")->message, &plan);
  EXPECT_EQ(&shop::PlanOf("Everything"), &plan);
}

TEST(PlanTest, FindsFieldsByNumberNameAndWireName) {
  const MessagePlan& plan = shop::PlanOf("Everything");
  const FieldPlan* field = plan.ByNumber(65);
  ASSERT_NE(field, nullptr);
  EXPECT_EQ(field->name, "renamed");
  EXPECT_EQ(plan.ByName("renamed"), field);
  EXPECT_EQ(plan.ByWireName("otherName"), field);
  EXPECT_EQ(plan.ByWireName("renamed"), nullptr);
  EXPECT_EQ(plan.ByName("otherName"), nullptr);
  for (const uint32_t number : {0u, 12u, 70u, 4096u, 0x1fffffffu}) {
    EXPECT_EQ(plan.ByNumber(number), nullptr) << number;
  }
}

}  // namespace
}  // namespace gateway::mapping
