// Schemas that the upstream renames: the types of the protos keep their names and numbers.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"

namespace gateway::apigen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RenameTest : public StandTest {
 protected:
  void Rename(const std::string& from, const std::string& to) {
    Json schemas;
    for (const auto& [name, schema] : api["components"]["schemas"].items()) {
      schemas[name == from ? to : name] = schema;
    }
    api["components"]["schemas"] = schemas;
    api = Json::parse(
        absl::StrReplaceAll(api.dump(), {{"schemas/" + from + "\"", "schemas/" + to + "\""}}));
  }
};

TEST_F(RenameTest, EnumKeepsNameNumbersAndComments) {
  Run();
  Edit("cold_drinks", "  SIZE_SMALL = 1;", "  // A sip.\n  SIZE_SMALL = 1;");
  Rename("Size", "DrinkSizeDto");
  Schema("DrinkSizeDto")["enum"].push_back("huge");
  EXPECT_THAT(Run(), HasSubstr("`Size` renamed: upstream: Size is now DrinkSizeDto"));
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(
      Proto("cold_drinks"),
      HasSubstr("enum Size {\n  option (gateway.v1.enum_schema).name = \"DrinkSizeDto\";\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  // A sip.\n  SIZE_SMALL = 1;\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  SIZE_HUGE = 5;\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("repeated Size size = 4"));
}

TEST_F(RenameTest, MessageAndWhatItHoldsAtOnce) {
  Run();
  Rename("DrinkDto", "BeverageDto");
  Rename("PersonDto", "HumanDto");
  Rename("Size", "Volume");
  const auto before = AllProtos();
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(
      Proto("cold_drinks"),
      HasSubstr("message DrinkDto {\n  option (gateway.v1.schema).name = \"BeverageDto\";\n"));
  EXPECT_THAT(Proto("types"), HasSubstr("option (gateway.v1.schema).name = \"HumanDto\";"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("option (gateway.v1.enum_schema).name = \"Volume\";"));
}

TEST_F(RenameTest, RenamedAgainAndBack) {
  Run();
  const auto before = AllProtos();
  Rename("Size", "Volume");
  Run();
  Rename("Volume", "VolumeDto");
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr(".name = \"VolumeDto\";"));
  Rename("VolumeDto", "Size");
  Run();
  EXPECT_EQ(AllProtos(), before);
}

// The upstream merges two enums that have the same texts: both types stay, each at its own places.
TEST_F(RenameTest, TwoSchemasPutTogether) {
  Schema("Strength") = Schema("Size");
  Properties("CreateDrinkDto")["strength"] = {{"$ref", "#/components/schemas/Strength"}};
  Run();
  api["components"]["schemas"].erase("Strength");
  api = Json::parse(absl::StrReplaceAll(api.dump(), {{"schemas/Strength", "schemas/Size"}}));
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional Strength strength = 3;"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional Size size = 4;"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("enum Strength {\n  option (gateway.v1.enum_schema).name = \"Size\";\n"));
}

// A new schema at one of two places takes its numbers from the old schema, so bytes stay readable.
TEST_F(RenameTest, SchemaSplitInTwo) {
  Run();
  Schema("QuerySize") = Schema("Size");
  Schema("QuerySize")["enum"] = Json::array({"Large", "small"});
  Operation(kDrinks, "get")["parameters"][2]["schema"]["items"] = {
      {"$ref", "#/components/schemas/QuerySize"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("repeated QuerySize size = 4;"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  QUERY_SIZE_SMALL = 1;\n"
                                              "  QUERY_SIZE_LARGE = 2 [(gateway"));
  EXPECT_EQ(BreaksOf("ListRequest.size", Change::Kind::kRetyped), "none");
}

TEST_F(RenameTest, SchemaThatNoPlaceShowsIsKnownByItsMembers) {
  Properties("RecipeBookDto")["title"] = {{"type", "string"}};
  Run();
  Rename("RecipeBookDto", "CookBookDto");
  Run();
  EXPECT_THAT(Proto("unlisted"), HasSubstr("option (gateway.v1.schema).name = \"CookBookDto\";"));
  EXPECT_THAT(report.questions, IsEmpty());
}

class DoubtTest : public RenameTest {
 protected:
  // Creates an uncertain case: no place uses the schema, and only some of its members stay the
  // same.
  void Doubt() {
    Properties("RecipeBookDto")["title"] = {{"type", "string"}};
    Run();
    Rename("RecipeBookDto", "CookBookDto");
    Properties("CookBookDto")["pages"] = {{"type", "integer"}};
  }
};

TEST_F(DoubtTest, Asks) {
  Doubt();
  EXPECT_THAT(Run(), HasSubstr("`RecipeBookDto` is gone; it may be `CookBookDto` now. If so: "
                               "`\"CookBookDto\": \"RecipeBookDto\"`"));
  ASSERT_EQ(report.questions.size(), 1U);
  EXPECT_THAT(report.questions[0].candidates, ElementsAre("CookBookDto"));
  EXPECT_THAT(Proto("gone"), HasSubstr("message RecipeBookDto {"));
  EXPECT_THAT(Proto("unlisted"), HasSubstr("message CookBookDto {"));
}

TEST_F(DoubtTest, IsToldThatItIsTheSame) {
  Doubt();
  decisions["renamed"]["CookBookDto"] = "RecipeBookDto";
  Run();
  EXPECT_THAT(report.questions, IsEmpty());
  EXPECT_THAT(Proto("unlisted"),
              HasSubstr("message RecipeBookDto {\n"
                        "  option (gateway.v1.schema).name = \"CookBookDto\";\n"));
  EXPECT_FALSE(HasProto("gone"));
}

TEST_F(DoubtTest, IsToldThatItIsAnother) {
  Doubt();
  decisions["renamed"]["CookBookDto"] = "";
  Run();
  EXPECT_THAT(report.questions, IsEmpty());
  EXPECT_THAT(Proto("unlisted"), HasSubstr("message CookBookDto {"));
  EXPECT_THAT(Proto("unlisted"), Not(HasSubstr("CookBookDto\";")));
}

TEST_F(RenameTest, DecisionsMustBeReadable) {
  decisions["renamed"]["CookBookDto"] = 3;
  EXPECT_THAT(NotesOfRun(), HasSubstr("decisions.json: CookBookDto: is not a string"));
  decisions = {{"nonsense", 1}};
  EXPECT_THAT(NotesOfRun(), HasSubstr("unknown member \"nonsense\""));
}

// The former name of a renamed type is used for another type.
TEST_F(RenameTest, OldNameUsedForSomethingElse) {
  Run();
  Rename("Size", "Volume");
  Run();
  Schema("Size") = {{"type", "object"}, {"properties", {{"inches", {{"type", "integer"}}}}}};
  Properties("OrderDto")["shoe"] = {{"$ref", "#/components/schemas/Size"}};
  Run();
  EXPECT_THAT(Proto("orders"), HasSubstr("  Size2 shoe = 3;"));
  EXPECT_THAT(Proto("orders"), HasSubstr("message Size2 {\n"
                                         "  option (gateway.v1.schema).name = \"Size\";\n"));
  EXPECT_EQ(report.breaking(), 0U);
}

}  // namespace
}  // namespace gateway::apigen
