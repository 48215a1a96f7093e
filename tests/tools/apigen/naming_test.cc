#include "tools/apigen/model/naming.h"

#include "gtest/gtest.h"

namespace gateway::apigen {
namespace {

TEST(NamingTest, SnakeCase) {
  EXPECT_EQ(SnakeCase("storeId"), "store_id");
  EXPECT_EQ(SnakeCase("store_id"), "store_id");
  EXPECT_EQ(SnakeCase("affiliate-links"), "affiliate_links");
  EXPECT_EQ(SnakeCase("CheckBanIDByName"), "check_ban_id_by_name");
  EXPECT_EQ(SnakeCase("json_v1"), "json_v1");
  EXPECT_EQ(SnakeCase("x2Name"), "x2_name");
  EXPECT_EQ(SnakeCase("$top."), "top");
  EXPECT_EQ(SnakeCase(""), "");
}

TEST(NamingTest, UpperSnakeCase) {
  EXPECT_EQ(UpperSnakeCase("OnOrderCompleted"), "ON_ORDER_COMPLETED");
  EXPECT_EQ(UpperSnakeCase("all_recurring"), "ALL_RECURRING");
}

TEST(NamingTest, PascalCase) {
  EXPECT_EQ(PascalCase("affiliate-links"), "AffiliateLinks");
  EXPECT_EQ(PascalCase("cold_drinks"), "ColdDrinks");
  EXPECT_EQ(PascalCase("storeId"), "StoreId");
}

TEST(NamingTest, IsIdentifier) {
  EXPECT_TRUE(IsIdentifier("a_1"));
  EXPECT_FALSE(IsIdentifier("1a"));
  EXPECT_FALSE(IsIdentifier("a.b"));
  EXPECT_FALSE(IsIdentifier(""));
}

TEST(NamingTest, FieldNameLeavesSnakeCaseAsItIs) {
  EXPECT_EQ(FieldName("a__b_"), "a__b_");
  EXPECT_EQ(FieldName("activeOnly"), "active_only");
}

TEST(NamingTest, EnumPrefix) { EXPECT_EQ(EnumPrefix("OrderStatus"), "ORDER_STATUS_"); }

}  // namespace
}  // namespace gateway::apigen
