#include "upstream/webhooks/facts.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::webhooks {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;

const mapping::RouteTable& Routes() {
  static const auto& routes =
      *mapping::RouteTable::Compile(mapping::EmbeddedFiles()).value().release();
  return routes;
}

const Facts& Embedded() {
  static const auto& facts = *new Facts(Facts::Compile(EmbeddedSchemes(), Routes()).value());
  return facts;
}

// Returns the bytes of a message of PayNow's API, which is given in protobuf's text format.
std::string BytesOf(const std::string& type, const std::string& text) {
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  const auto* const found = DescriptorPool::generated_pool()->FindMessageTypeByName(
      absl::StrCat("paynow.management.v1.", type));
  const std::unique_ptr<Message> message(factory.GetPrototype(found)->New());
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << text;
  return message->SerializeAsString();
}

// Compiles a provider that has this fact.
absl::StatusOr<Facts> FactsWith(const std::string& fact) {
  mapping::EmbeddedFiles();
  DescriptorPool pool(DescriptorPool::generated_pool());
  google::protobuf::FileDescriptorProto file;
  const std::string text = absl::StrCat(
      "name: 'p.proto' syntax: 'proto3' options { [gateway.signing.v1.scheme] { "
      "provider: 'paynow' type: 't' fact {",
      fact, "} } }");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &file)) << text;
  const auto schemes = Schemes::Read({pool.BuildFile(file)});
  EXPECT_TRUE(schemes.ok()) << schemes.status();
  return Facts::Compile(*schemes, Routes());
}

std::string ProblemOf(const std::string& fact) {
  return std::string(FactsWith(fact).status().message());
}

TEST(FactsTest, PayNowShowsOrdersAndRefunds) {
  const auto& facts = Embedded().Of("paynow");
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0].type, "ON_ORDER_COMPLETED");
  EXPECT_EQ(facts[0].list->full_name, "paynow.management.v1.OrdersService.StreamOrders");
  EXPECT_EQ(facts[1].type, "ON_REFUND");
  EXPECT_EQ(facts[1].list->full_name, "paynow.management.v1.PaymentsService.StreamPayments");
  EXPECT_TRUE(Embedded().Of("qashier").empty());
  EXPECT_TRUE(Embedded().Of("paylater").empty());
}

TEST(FactsTest, AnItemMayBeTheObject) {
  const Fact& orders = Embedded().Of("paynow")[0];
  const auto shown = ReadItem(
      orders, BytesOf("OrderDto",
                      "id: '7' checkout_token: 'secret' created_at { seconds: 5 } completed_at { "
                      "seconds: 9 nanos: 1000 }"));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->made, absl::FromUnixSeconds(5));
  EXPECT_EQ(shown->resource, "7");
  ASSERT_EQ(shown->objects.size(), 1u);
  EXPECT_EQ(shown->objects[0].id, "7");
  EXPECT_EQ(shown->objects[0].happened, absl::FromUnixSeconds(9) + absl::Microseconds(1));
  google::protobuf::Any object;
  ASSERT_TRUE(object.ParseFromString(shown->objects[0].object));
  EXPECT_EQ(object.type_url(), "type.googleapis.com/paynow.management.v1.OrderDto");
  EXPECT_EQ(object.value(), BytesOf("OrderDto",
                                    "id: '7' created_at { seconds: 5 } completed_at { "
                                    "seconds: 9 nanos: 1000 }"))
      << "without the token";
}

TEST(FactsTest, AnItemMayHaveSeveral) {
  const Fact& refunds = Embedded().Of("paynow")[1];
  const auto shown = ReadItem(
      refunds, BytesOf("PaymentDto",
                       "id: '1' order_id: '7' refunds { id: '2' completed_at { seconds: 9 } } "
                       "refunds { id: '3' } refunds { id: '4' completed_at { seconds: 8 } }"));
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->resource, "7");
  EXPECT_FALSE(shown->made);
  ASSERT_EQ(shown->objects.size(), 2u) << "one has not happened";
  EXPECT_EQ(shown->objects[0].id, "2");
  EXPECT_EQ(shown->objects[1].id, "4");
}

TEST(FactsTest, BytesThatAreNoItemShowNothing) {
  EXPECT_FALSE(ReadItem(Embedded().Of("paynow")[0], "\xff"));
}

TEST(FactsTest, ProtosOfAnotherVersionMayHaveNoSuchList) {
  const auto facts =
      FactsWith("types: 'T' id: '/id' list: 'paynow.management.v1.OrdersService/ListAll'");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->Of("paynow").empty());
  EXPECT_EQ(facts->NotListed("paynow"), std::vector<std::string>{"T"});
  EXPECT_TRUE(Embedded().NotListed("paynow").empty());
}

TEST(FactsTest, RefusesAnOptionThatDoesNotFit) {
  const std::string orders =
      "types: 'T' id: '/id' list: 'paynow.management.v1.OrdersService/StreamOrders' ";
  const std::string fields =
      "object_id: 'id' happened_at: 'completed_at' made_at: 'created_at' resource: 'id' ";
  EXPECT_EQ(ProblemOf(orders + fields), "");
  EXPECT_EQ(ProblemOf("id: '/id'"), "paynow: fact : types: at least one is required");
  EXPECT_EQ(ProblemOf("types: 'T'"), "paynow: fact T: id: is required");
  EXPECT_EQ(ProblemOf("types: 'T' id: '/id' list: 'paynow.management.v1.OrdersService/GetOrders'"),
            "paynow: fact T: list: no RPC of this name has the option pages");
  const std::string order = "paynow.management.v1.OrderDto has no such ";
  EXPECT_EQ(ProblemOf(orders + fields + "find: 'status'"),
            absl::StrCat("paynow: fact T: find: ", order, "list of messages"));
  EXPECT_EQ(ProblemOf(orders), absl::StrCat("paynow: fact T: object_id: ", order, "text"));
  EXPECT_EQ(ProblemOf(orders + "object_id: 'id' resource: 'lines'"),
            absl::StrCat("paynow: fact T: resource: ", order, "text"));
  EXPECT_EQ(ProblemOf(orders + "object_id: 'id' resource: 'id' happened_at: 'status'"),
            absl::StrCat("paynow: fact T: happened_at: ", order, "time"));
  EXPECT_EQ(ProblemOf(orders + "object_id: 'id' resource: 'id' happened_at: 'created_at'"),
            absl::StrCat("paynow: fact T: made_at: ", order, "time"));
}

}  // namespace
}  // namespace gateway::webhooks
