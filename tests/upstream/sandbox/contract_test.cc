#include "upstream/sandbox/contract.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/contract/counts.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

TEST(Contract, HoldsTheWholeUpstream) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract);
  ASSERT_TRUE(contract.ok()) << contract.status();
  size_t fields = 0;
  size_t objects = 0;
  size_t enums = 0;
  for (const auto& [name, schema] : (*contract)->schemas()) {
    fields += schema.fields.size();
    objects += schema.is_object;
    enums += !schema.enum_texts.empty();
  }
  const auto count = [](const char* what) { return contract::CountOf("paynow", what); };
  EXPECT_EQ((*contract)->operations().size(), count("operations"));
  EXPECT_EQ((*contract)->schemas().size(), count("schemas"));
  EXPECT_EQ(fields, count("fields"));
  EXPECT_EQ(objects, count("objects"));
  EXPECT_EQ(enums, count("enums"));
}

TEST(Contract, OperationsAreUniqueByIdAndByVerbAndPath) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract);
  ASSERT_TRUE(contract.ok()) << contract.status();
  std::set<std::string> ids;
  std::set<std::string> places;
  for (const Operation& operation : (*contract)->operations()) {
    EXPECT_TRUE(ids.insert(operation.id).second) << operation.id;
    EXPECT_TRUE(places.insert(operation.verb + operation.path).second) << operation.path;
    EXPECT_EQ(operation.id, operation.tag + "_" + operation.rpc);
  }
}

TEST(Contract, KnowsWhatAFieldMayBe) {
  const auto contract = Contract::Parse(FindBundle("paynow")->contract);
  ASSERT_TRUE(contract.ok()) << contract.status();
  const Schema* order = (*contract)->FindSchema("OrderDto");
  ASSERT_NE(order, nullptr);
  EXPECT_TRUE(order->closed);
  ASSERT_NE(order->Find("total_amount"), nullptr);
  EXPECT_EQ(order->Find("total_amount")->type.format, "int32");
  EXPECT_TRUE(order->Find("total_amount")->required);
  EXPECT_FALSE(order->Find("total_amount")->MayBeNull());
  EXPECT_TRUE(order->Find("completed_at")->nullable);
  EXPECT_EQ(order->Find("coupon_id")->type.schema->format, "flake-id");
  EXPECT_TRUE(order->Find("coupon_id")->MayBeNull());
  EXPECT_TRUE(order->Find("is_subscription")->read_only);
  EXPECT_EQ(order->Find("lines")->type.element->ref, "OrderLineDto");
  EXPECT_EQ(order->Find("nothing"), nullptr);
}

TEST(Contract, RefusesWhatIsNoContract) {
  EXPECT_FALSE(Contract::Parse("no json").ok());
  EXPECT_FALSE(Contract::Parse("{}").ok());
  const auto dangling = Contract::Parse(
      R"({"operations": [], "schemas": {"A": {"type": "object", "fields": {"b": {"ref": "B"}}}}})");
  ASSERT_FALSE(dangling.ok());
  EXPECT_EQ(dangling.status().message(), "A.b: no schema B");
}

}  // namespace
}  // namespace gateway::sandbox
