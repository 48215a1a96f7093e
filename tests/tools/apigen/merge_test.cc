// What happens to fields and values of enums, their numbers, names and decisions by hand, when the
// upstream changes.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MergeTest : public StandTest {};

TEST_F(MergeTest, RemovedFieldIsReserved) {
  Run();
  Properties("DrinkDto").erase("price");
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  reserved 3;\n  reserved \"price\";\n"));
  EXPECT_THAT(text, HasSubstr("`DrinkDto.price` removed: number 3 is reserved"));
  EXPECT_THAT(text, HasSubstr("1 changes, 1 breaking"));
}

TEST_F(MergeTest, ReservationsAccumulate) {
  Run();
  Properties("DrinkDto").erase("price");
  Run();
  Properties("DrinkDto").erase("strength");
  Properties("DrinkDto").erase("size");
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  reserved 3 to 5;\n  reserved \"price\", \"size\", \"strength\";\n"));
}

TEST_F(MergeTest, ReservationsByHandAndTheirCommentsStay) {
  Run();
  Edit("cold_drinks", "message CreateDrinkDto {\n",
       "message CreateDrinkDto {\n  // Tried in spring.\n  reserved 7, 9 to 12;\n"
       "  reserved \"colour\";\n");
  Properties("CreateDrinkDto")["glass"] = {{"type", "string"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  // Tried in spring.\n  reserved 7, 9 to 12;\n  reserved \"colour\";\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional string glass = 13;"));
}

TEST_F(MergeTest, ReAddedFieldTakesANewNumber) {
  Run();
  const Json price = Properties("CreateDrinkDto")["price"];
  Properties("CreateDrinkDto").erase("price");
  Run();
  Properties("CreateDrinkDto")["price"] = price;
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  reserved 2;\n\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  optional int64 price = 3;"));
  EXPECT_THAT(text, HasSubstr("`CreateDrinkDto.price` added: int64, number 3"));
}

TEST_F(MergeTest, NewFieldInTheMiddleTakesTheNextNumber) {
  Run();
  Json properties;
  properties["paid_at"] = {{"type", "string"}, {"format", "date-time"}};
  for (const auto& [name, schema] : Properties("OrderDto").items()) properties[name] = schema;
  Properties("OrderDto") = properties;
  EXPECT_THAT(Run(), HasSubstr("`OrderDto.paid_at` added: google.protobuf.Timestamp, number 3"));
  EXPECT_THAT(Proto("orders"), HasSubstr("optional bool paid = 1"));
  EXPECT_THAT(Proto("orders"), HasSubstr("google.protobuf.Timestamp paid_at = 3;"));
}

TEST_F(MergeTest, KeepsWhatWasMarkedAsACredentialByHand) {
  Run();
  Edit("cold_drinks", "optional int32 price = 3 [(gateway.v1.field).required = true];",
       "optional int32 price = 3 [(gateway.v1.field) = {required: true credential: true}];");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

TEST_F(MergeTest, NewNumbersSkipTheOnesProtobufKeeps) {
  Run();
  Edit("orders", "message OrderDto {\n", "message OrderDto {\n  reserved 18999;\n");
  Properties("OrderDto")["tip"] = {{"type", "integer"}, {"format", "int64"}};
  Run();
  EXPECT_THAT(Proto("orders"), HasSubstr("optional int64 tip = 20000;"));
}

TEST_F(MergeTest, RetypedFieldLeavesItsNumber) {
  Run();
  Edit("orders", "  optional bool paid", "  // With real money.\n  optional bool paid");
  Properties("OrderDto")["paid"] = {{"type", "string"}};
  const std::string text = Run();
  EXPECT_THAT(Proto("orders"), HasSubstr("  reserved 1;\n\n"));
  EXPECT_THAT(Proto("orders"),
              HasSubstr("  // With real money.\n"
                        "  optional string paid = 3 [(gateway.v1.field).required"));
  EXPECT_THAT(text, HasSubstr("`OrderDto.paid` retyped: bool is now string, number 1 is now 3"));
}

TEST_F(MergeTest, BecomingAnArrayLeavesTheNumber) {
  Run();
  Properties("DrinkDto")["name"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  EXPECT_THAT(
      Run(),
      HasSubstr("`DrinkDto.name` retyped: string is now repeated string, number 2 is now 16"));
}

TEST_F(MergeTest, WideningKeepsTheNumber) {
  Run();
  Properties("DrinkDto")["price"]["format"] = "int64";
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional int64 price = 3 [(gateway.v1.field).req"));
  EXPECT_THAT(text, HasSubstr("`DrinkDto.price` retyped: int32 is now int64, old bytes are read"));
}

TEST_F(MergeTest, NarrowingKeepsTheWideTypeAndTheNumber) {
  Run();
  Properties("CreateDrinkDto")["price"]["format"] = "int32";
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional int64 price = 2 [(gateway.v1.field).format = INT32];"));
}

TEST_F(MergeTest, WidenedByHandStaysWide) {
  Run();
  Edit("cold_drinks", "optional int32 price = 3 [(gateway.v1.field).required = true];",
       "optional int64 price = 3 [(gateway.v1.field) = {required: true format: INT32}];");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
  Properties("DrinkDto")["price"]["format"] = "int64";
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional int64 price = 3 [(gateway.v1.field).required = true];"));
}

TEST_F(MergeTest, LocalFieldStaysUntilUpstreamHasIt) {
  Run();
  const std::string local =
      "  // From the old days.\n"
      "  optional string flavour = 3 [(gateway.v1.field) = {nullable: true local: true}];\n";
  Edit("cold_drinks", "  optional int64 price = 2;\n", "  optional int64 price = 2;\n" + local);
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr(local));
  Properties("CreateDrinkDto")["flavour"] = {{"type", "string"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  // From the old days.\n  optional string flavour = 3;\n"));
}

TEST_F(MergeTest, LocalFieldMayHaveTypesOfItsOwnAndOfOthers) {
  Run();
  Edit("orders", "import \"google/protobuf/empty.proto\";",
       "import \"google/protobuf/duration.proto\";\nimport \"google/protobuf/empty.proto\";");
  Edit("orders", "  PersonDto buyer = 2 [(gateway.v1.field).nullable = true];\n}",
       "  PersonDto buyer = 2 [(gateway.v1.field).nullable = true];\n"
       "  StrawDto straw = 3 [(gateway.v1.field).local = true];\n"
       "  google.protobuf.Duration waited = 4 [(gateway.v1.field).local = true];\n"
       "}\n\n// No contract knows it.\nmessage StrawDto {\n"
       "  option (gateway.v1.schema).local = true;\n  optional Stripes stripes = 1;\n"
       "}\n\nenum Stripes {\n  option (gateway.v1.enum_schema).local = true;\n"
       "  STRIPES_UNSPECIFIED = 0;\n}");
  const std::string edited = Proto("orders");
  EXPECT_THAT(Run(), HasSubstr("0 changes"));
  EXPECT_THAT(edited, HasSubstr("google/protobuf/duration.proto"));
  EXPECT_EQ(Proto("orders"), edited);
}

// People add these options for rules that the upstream's documents state only in words.
TEST_F(MergeTest, RulesByHandStay) {
  Run();
  Edit("cold_drinks", "  optional string name = 1 [(gateway.v1.field).nullable = true];",
       "  optional string name = 1\n"
       "      [(gateway.v1.field) = {nullable: true null_when_unset: true loose: true}];");
  const std::string edited = Proto("cold_drinks");
  EXPECT_THAT(Run(), HasSubstr("0 changes"));
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

// The gateway would refuse to start with a bound for texts on a number.
TEST_F(MergeTest, RulesByHandThatDoNotFitTheNewTypeGo) {
  Run();
  Edit("cold_drinks", "  optional string name = 1 [(gateway.v1.field).nullable = true];",
       "  optional string name = 1\n"
       "      [(gateway.v1.field) = {nullable: true sensitive: true loose: true max_length: 9}];");
  Properties("UpdateDrinkDto")["name"] = {{"type", "integer"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  optional int64 name = 2 [(gateway.v1.field).sensitive = true];"));
}

TEST_F(MergeTest, DerivedOptionsFollowUpstream) {
  Run();
  Schema("DrinkDto")["required"] = Json::array({"id", "name", "size"});
  Schema("CreateDrinkDto")["required"] = Json::array({"name", "price"});
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional int32 price = 3;"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional Size size = 4 [(gateway.v1.field).required = true];"));
  EXPECT_THAT(text, HasSubstr("`DrinkDto.price` required: no longer required"));
  EXPECT_THAT(text, HasSubstr("`DrinkDto.size` required: now required"));
  EXPECT_EQ(BreaksOf("CreateDrinkDto.price", Change::Kind::kRequired), "calls ");
  EXPECT_EQ(BreaksOf("DrinkDto.size", Change::Kind::kRequired), "");
}

TEST_F(MergeTest, EnumValuesComeAndGo) {
  Run();
  Edit("cold_drinks", "  SIZE_LARGE = 2", "  // A bucket.\n  SIZE_LARGE = 2");
  Schema("Size")["enum"] = Json::array({"huge", "Large", "unspecified", "unknown"});
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("enum Size {\n"
                        "  reserved 1;\n"
                        "  reserved \"SIZE_SMALL\";\n"
                        "\n"
                        "  SIZE_UNSPECIFIED = 0;\n"
                        "  // A bucket.\n"
                        "  SIZE_LARGE = 2 [(gateway.v1.value).text = \"Large\"];\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  SIZE_HUGE = 5;\n"));
  EXPECT_THAT(text, HasSubstr("`Size.SIZE_SMALL` removed"));
  EXPECT_THAT(text, HasSubstr("`Size.SIZE_HUGE` added: number 5"));
}

TEST_F(MergeTest, ReAddedEnumValueTakesANewNumber) {
  Run();
  Schema("Size")["enum"] = Json::array({"Large", "unspecified", "unknown"});
  Run();
  Schema("Size")["enum"] = Json::array({"small", "Large", "unspecified", "unknown"});
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  reserved 1;\n\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  SIZE_SMALL = 5;\n"));
}

TEST_F(MergeTest, RespelledEnumValueKeepsItsNumber) {
  Run();
  Schema("Size")["enum"] = Json::array({"Small", "large", "unspecified", "unknown"});
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  SIZE_SMALL = 1 [(gateway.v1.value).text = \"Small\"];\n"
                        "  SIZE_LARGE = 2;\n"));
  EXPECT_THAT(text, HasSubstr("`Size.SIZE_LARGE` json-name: \"Large\" is now \"large\""));
}

TEST_F(MergeTest, EnumValueRenamedByHandKeepsItsName) {
  Run();
  Edit("cold_drinks", "  SIZE_SMALL = 1;",
       "  SIZE_TINY = 1 [(gateway.v1.value).text = \"small\"];");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

TEST_F(MergeTest, EnumValueNamedLikeAnotherOneIsToldApart) {
  Run();
  Edit("cold_drinks", "  SIZE_SMALL = 1;",
       "  SIZE_HUGE = 1 [(gateway.v1.value).text = \"small\"];");
  Schema("Size")["enum"].push_back("huge");
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  SIZE_HUGE = 1 [(gateway.v1.value).text = \"small\"];\n"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  SIZE_HUGE_2 = 5 [(gateway.v1.value).text = \"huge\"];\n"));
}

}  // namespace
}  // namespace gateway::apigen
