#include "upstream/mapping/reply/violation_path.h"

#include <gtest/gtest.h>

#include "tests/upstream/mapping/guests.h"
#include "tests/upstream/mapping/shop.h"

namespace gateway::mapping {
namespace {

TEST(CallersPath, NamesTheFieldsOfTheBodyAsTheGatewayDoes) {
  const Route& create = shop::RouteOf("CreateGlass");
  EXPECT_EQ(CallersPath(create, "price"), "body.price");
  EXPECT_EQ(CallersPath(create, "body.price"), "body.price");
  EXPECT_EQ(CallersPath(create, "straws.0.length"), "body.straws[0].length");
  EXPECT_EQ(CallersPath(create, "straws[0].length"), "body.straws[0].length");
  EXPECT_EQ(CallersPath(create, "straws[0].other"), "body.straws[0].other");
  EXPECT_EQ(CallersPath(create, "/straws/0/length"), "body.straws[0].length");
  EXPECT_EQ(CallersPath(create, "#/price"), "body.price");
  EXPECT_EQ(CallersPath(create, "/body/price"), "body.price");
  EXPECT_EQ(CallersPath(create, "$.straws[0].length"), "body.straws[0].length");
  const Route& update = shop::RouteOf("UpdateGlass");
  EXPECT_EQ(CallersPath(update, "refill.changeReason"), "body.refill.reason");
  const Route& restock = shop::RouteOf("RestockGlasses");
  EXPECT_EQ(CallersPath(restock, "[2].color"), "items[2].color");
}

TEST(CallersPath, NamesOtherFieldsWithoutTheBody) {
  const Route& find = shop::RouteOf("FindGlasses");
  EXPECT_EQ(CallersPath(find, "madeSince"), "made_since");
  EXPECT_EQ(CallersPath(find, "query.flavor"), "flavors");
  EXPECT_EQ(CallersPath(shop::RouteOf("CreateGlass"), "stand_id"), "stand_id");
  EXPECT_EQ(CallersPath(shop::RouteOf("CreateGlass"), "path.stand_id"), "stand_id");
}

TEST(CallersPath, KeepsWhatItDoesNotKnow) {
  for (const char* const path : {"", ".", "nobody", "nobody[0].knows", "query.nobody", "[1]", "a b",
                                 "/", "#", "$", "/nobody/0"}) {
    EXPECT_EQ(CallersPath(shop::RouteOf("CreateGlass"), path), path);
    EXPECT_EQ(CallersPath(shop::RouteOf("RefundGlass"), path), path);
  }
}

}  // namespace
}  // namespace gateway::mapping
