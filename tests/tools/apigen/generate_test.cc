// The first run, and what later runs leave unchanged.
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class GenerateTest : public StandTest {};

std::string Golden(const std::string& name) {
  const auto text = ReadFile(std::filesystem::path(TESTDATA) / "golden" / name);
  return text.ok() ? *text : text.status().ToString();
}

TEST_F(GenerateTest, FirstGenerationIsTheGoldenOne) {
  Run();
  const auto protos = AllProtos();
  EXPECT_EQ(protos.size(), 4u);
  for (const auto& [name, text] : protos) EXPECT_EQ(text, Golden(name)) << name;
}

TEST_F(GenerateTest, ReportsEveryAddition) {
  const std::string report = Run();
  EXPECT_THAT(report, HasSubstr("`ColdDrinksService.CreateDrink` added"));
  EXPECT_THAT(report, HasSubstr("`Size` added"));
  EXPECT_THAT(report, Not(HasSubstr("Breaking")));
  EXPECT_THAT(report, HasSubstr("2 services, 6 RPCs"));
}

TEST_F(GenerateTest, KeepsCommentsWhereverTheyStand) {
  Run();
  Edit("cold_drinks", "syntax =", "// A second line of the head.\n\n// And a third.\nsyntax =");
  Edit("cold_drinks", "package lemon.v1;", "// Of the package.\npackage lemon.v1;  // beside it");
  Edit("cold_drinks", "service ColdDrinksService {",
       "// What is drunk cold.\nservice ColdDrinksService {");
  Edit("cold_drinks", "  rpc CreateDrink",
       "  // Apart.\n\n  // Two\n  // lines.\n  rpc CreateDrink");
  Edit("cold_drinks", "message DrinkDto {", "// In a glass.\nmessage DrinkDto {  // really");
  Edit("cold_drinks", "  optional Size size = 4;",
       "  // Of the glass.\n  optional Size size = 4;  // not of the drink");
  Edit("cold_drinks", "enum Size {", "// How much.\nenum Size {");
  Edit("cold_drinks", "  SIZE_SMALL = 1;", "  // A sip.\n  SIZE_SMALL = 1;");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

TEST_F(GenerateTest, KeepsOptionsSetByHand) {
  Run();
  Edit("cold_drinks",
       "optional string name = 2 [(gateway.v1.field).required = true];\n  optional int32",
       "optional string name = 2 [(gateway.v1.field) = {required: true sensitive: true}];\n"
       "  optional int32");
  Edit("cold_drinks", "repeated string labels = 6;",
       "repeated string labels = 6 [(gateway.v1.field) = {min_items: 1 max_items: 9}, deprecated = "
       "true];");
  Edit("cold_drinks", "optional int32 price = 3 [(gateway.v1.field).required = true];",
       "optional int32 price = 3 [(gateway.v1.field) = {required: true minimum: 1}];");
  Edit("orders", "import \"lemon/v1/types.proto\";",
       "import \"lemon/v1/types.proto\";\n\noption java_package = \"lemon.java\";");
  Edit("orders", "orders\" body: \"items\"};",
       "orders\" body: \"items\"};\n    option idempotency_level = IDEMPOTENT;");
  const auto edited = AllProtos();
  Run();
  EXPECT_EQ(AllProtos(), edited);
}

TEST_F(GenerateTest, LeavesFilesWithoutServicesAndTypesAlone) {
  Run();
  const std::string text = "syntax=\"proto3\";  /* mine */\npackage lemon.v1;\n";
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/provider.proto", text).ok());
  Run();
  EXPECT_EQ(Proto("provider"), text);
}

TEST_F(GenerateTest, BreaksLongLines) {
  const std::string rpc(45, 'L');
  Operation(kOrders, "get")["operationId"] = "Orders_" + rpc;
  Properties("OrderDto")[std::string(80, 'f')] = {{"type", "integer"}, {"minimum", 1}};
  Run();
  EXPECT_THAT(Proto("orders"), HasSubstr("  rpc " + rpc + "(\n      " + rpc +
                                         "Request)\n      returns (" + rpc + "Response) {\n"));
  EXPECT_THAT(Proto("orders"), HasSubstr(" = 3\n      [(gateway.v1.field).minimum = 1];\n"));
}

TEST_F(GenerateTest, KeepsTrailingCommentsThatAreTooLongForTheLine) {
  Run();
  const std::string comment = "  // " + std::string(90, 'x');
  Edit("orders", "message OrdersListRequest {", "message OrdersListRequest {\n" + comment + "\n");
  Edit("orders", "  PersonDto buyer = 2 [(gateway.v1.field).nullable = true];",
       "  PersonDto buyer = 2 [(gateway.v1.field).nullable = true];\n" + comment + "\n");
  const std::string edited = Proto("orders");
  Run();
  EXPECT_EQ(Proto("orders"), edited);
}

TEST_F(GenerateTest, BringsSloppyProtosIntoForm) {
  Run();
  const std::string tidy = Proto("orders");
  Edit("orders", "service OrdersService {", "service   OrdersService\n{\n\n");
  Run();
  EXPECT_EQ(Proto("orders"), tidy);
}

struct LossCase {
  const char* name;
  const char* from;
  const char* to;
  const char* complaint;
};

class RefusalTest : public StandTest, public ::testing::WithParamInterface<LossCase> {};

TEST_P(RefusalTest, RefusesToLoseWhatItCannotKeep) {
  Run();
  Edit("cold_drinks", GetParam().from, GetParam().to);
  const auto outcome = Generate();
  ASSERT_FALSE(outcome.ok());
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Apigen, RefusalTest,
    ::testing::Values(
        LossCase{"CommentBeforeABrace", "  SIZE_UNKNOWN = 4;", "  SIZE_UNKNOWN = 4;\n\n  // lost",
                 "a comment that no element carries"},
        LossCase{"BlockComment", "enum Size {", "/* lost */\nenum Size {", "a block comment"},
        LossCase{"Oneof", "message UpdateDrinkDto {",
                 "message UpdateDrinkDto {\n  oneof x { string y = 9; }", "a oneof"},
        LossCase{"NestedMessage", "message UpdateDrinkDto {",
                 "message UpdateDrinkDto {\n  message Inner {}", "a nested message"},
        LossCase{"SyntaxError", "message UpdateDrinkDto {", "message UpdateDrinkDto ",
                 "cold_drinks.proto:"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace gateway::apigen
