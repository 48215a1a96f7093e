// How a new version of an API affects callers that were built before it, and how the code that
// generators make for callers affects the protos.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CallersTest : public StandTest {};

// The gateway does not refuse callers that were built before and leave the field out; the upstream
// may refuse them.
TEST_F(CallersTest, NewRequiredFieldOfARequestIsLeftToTheUpstream) {
  Run();
  Properties("CreateDrinkDto")["glass"] = {{"type", "string"}};
  Schema("CreateDrinkDto")["required"].push_back("glass");
  Properties("DrinkDto")["glass"] = {{"type", "string"}};
  Schema("DrinkDto")["required"].push_back("glass");
  Run();
  EXPECT_EQ(BreaksOf("CreateDrinkDto.glass", Change::Kind::kAdded), "calls ");
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("string glass = 3 [(gateway.v1.field).newly_required = true];"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("string glass = 16 [(gateway.v1.field).required = true];"));
}

TEST_F(CallersTest, NewRequiredListIsSentEmptyForThem) {
  Run();
  Properties("CreateDrinkDto")["straws"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  Schema("CreateDrinkDto")["required"].push_back("straws");
  Run();
  EXPECT_EQ(BreaksOf("CreateDrinkDto.straws", Change::Kind::kAdded), "");
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("repeated string straws = 3 [(gateway.v1.field).required = true];"));
}

// The gateway must not send an empty list by itself: that would clear the elements that others have
// added.
TEST_F(CallersTest, NewRequiredListOfAnUpdateIsLeftToTheUpstream) {
  Run();
  Properties("UpdateDrinkDto")["straws"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  Schema("UpdateDrinkDto")["required"] = Json::array({"straws"});
  Run();
  EXPECT_EQ(BreaksOf("UpdateDrinkDto.straws", Change::Kind::kAdded), "calls ");
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("repeated string straws = 2 [(gateway.v1.field).newly_required = true];"));
}

TEST_F(CallersTest, RequiredAnewByAPersonStaysSoAndGoesWithTheUpstream) {
  Run();
  Properties("CreateDrinkDto")["glass"] = {{"type", "string"}};
  Schema("CreateDrinkDto")["required"].push_back("glass");
  Run();
  Edit("cold_drinks", "(gateway.v1.field).newly_required = true",
       "(gateway.v1.field).required = true");
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("string glass = 3 [(gateway.v1.field).required = true];"));
  Schema("CreateDrinkDto")["required"] = Json::array({"name"});
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional string glass = 3;"));
}

// An operation that had no body now takes one: older callers send none.
TEST_F(CallersTest, NewBodyOfAnOperationIsNotDemanded) {
  const Json body = Operation(kDrinks, "post")["requestBody"];
  Operation(kDrinks, "post").erase("requestBody");
  Run();
  Operation(kDrinks, "post")["requestBody"] = body;
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("CreateDrinkDto body = 2 [(gateway.v1.field).newly_required = true];"));
}

TEST_F(CallersTest, NumberThatBecomesAnIdKeepsTypeAndNumber) {
  Properties("DrinkDto")["barrel"] = {{"type", "integer"}, {"format", "int64"}};
  Run();
  Properties("DrinkDto")["barrel"] = {{"type", "string"}, {"format", "flake-id"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional int64 barrel = 16 [(gateway.v1.field).format = FLAKE_ID];"));
}

TEST_F(CallersTest, NewFileTakesTheOptionsThatAllFilesOfThePackageShare) {
  Run();
  for (const auto& [file, text] : AllProtos()) {
    const std::string with = absl::StrReplaceAll(
        text,
        {{"\nimport \"lemon/v1/types.proto\";\n",
          "\nimport \"lemon/v1/types.proto\";\n\noption go_package = \"lemon/v1;lemonv1\";\n"}});
    const std::string options =
        with != text ? with : absl::StrCat(text, "\noption go_package = \"lemon/v1;lemonv1\";\n");
    const std::string own =
        file == "orders.proto" ? "option java_package = \"lemon.orders\";\n" : "";
    ASSERT_TRUE(WriteFile(directory / "lemon/v1" / file, options + own).ok());
  }
  Operation(kOrders, "get")["tags"] = Json::array({"paper-orders"});
  Operation(kOrders, "get")["operationId"] = "PaperOrders_List";
  api["paths"]["/v1/paper-orders"]["get"] = Operation(kOrders, "get");
  api["paths"]["/v1/paper-orders"]["get"]["parameters"] = Json::array();
  Run();
  EXPECT_THAT(Proto("paper_orders"), HasSubstr("\noption go_package = \"lemon/v1;lemonv1\";\n"));
  EXPECT_THAT(Proto("paper_orders"), Not(HasSubstr("java_package")));
}

// Java's accessors of the enum `size` include getSizeValue().
TEST_F(CallersTest, FieldThatJavaWouldMixUpWithAnEnumsAccessorIsNamedOtherwise) {
  Properties("DrinkDto")["size_value"] = {{"type", "string"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("string size_text = 16 [(gateway.v1.field).wire_name = \"size_value\"];"));
}

TEST_F(CallersTest, FieldsThatCallersKnowKeepTheirNamesBesideANewEnum) {
  Properties("DrinkDto")["taste_value"] = {{"type", "string"}};
  Run();
  Properties("DrinkDto")["taste"] = {{"$ref", "#/components/schemas/Size"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("string taste_value = 16;"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("Size taste_enum = 17 [(gateway.v1.field).wire_name = \"taste\"];"));
}

// apigen writes the option `once` with the line breaks that people use for it.
TEST_F(CallersTest, NestedOptionsKeepTheirLines) {
  Run();
  const std::string once =
      "    option (gateway.v1.method).once = {\n"
      "      guard: \"stand_id\"\n"
      "      lookup {\n"
      "        read: \"ColdDrinksService/List\"\n"
      "        argument { field: \"stand_id\" request: \"stand_id\" }\n"
      "        find: \"items\"\n"
      "        identity: \"id\"\n"
      "      }\n"
      "    };\n";
  const std::string idempotency = "    option idempotency_level = IDEMPOTENT;\n";
  const std::string text = Proto("cold_drinks");
  const size_t at = text.find(idempotency);
  ASSERT_NE(at, std::string::npos);
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/cold_drinks.proto",
                        std::string(text).insert(at + idempotency.size(), once))
                  .ok());
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

}  // namespace
}  // namespace gateway::apigen
