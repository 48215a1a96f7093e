// What an OpenAPI file must not be, each case with the place that the error names.
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;

class OpenApiTest : public StandTest {
 protected:
  std::string Error() const {
    const auto outcome = Generate();
    return outcome.ok() ? "no error" : std::string(outcome.status().message());
  }
};

TEST_F(OpenApiTest, NotJson) {
  const auto outcome = apigen::Generate("{", Options());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().message(), "#: is not JSON");
}

TEST_F(OpenApiTest, VersionTwo) {
  api["openapi"] = "2.0";
  EXPECT_EQ(Error(), "#/openapi: \"2.0\" is not a version 3");
}

TEST_F(OpenApiTest, NoVersion) {
  api.erase("openapi");
  EXPECT_EQ(Error(), "#: lacks \"openapi\"");
}

TEST_F(OpenApiTest, UnknownSchema) {
  Properties("DrinkDto")["size"]["$ref"] = "#/components/schemas/Volume";
  EXPECT_EQ(Error(),
            "#/components/schemas/DrinkDto/properties/size: there is no schema \"Volume\"");
}

TEST_F(OpenApiTest, ReferencesInACircle) {
  Schema("FlakeId") = {{"$ref", "#/components/schemas/FlakeId"}};
  EXPECT_THAT(Error(), HasSubstr("a chain of references that does not end"));
}

TEST_F(OpenApiTest, SchemaThatIsNoObject) {
  Properties("DrinkDto")["size"] = 3;
  EXPECT_EQ(Error(), "#/components/schemas/DrinkDto/properties/size: is not an object");
}

TEST_F(OpenApiTest, TwoTypes) {
  Properties("DrinkDto")["size"] = {{"type", Json::array({"string", "integer"})}};
  EXPECT_EQ(Error(),
            "#/components/schemas/DrinkDto/properties/size/type: names more than one type besides "
            "null");
}

TEST_F(OpenApiTest, UnknownType) {
  Properties("DrinkDto")["size"] = {{"type", "file"}};
  EXPECT_EQ(Error(), "#/components/schemas/DrinkDto/properties/size: unknown type \"file\"");
}

TEST_F(OpenApiTest, Alternatives) {
  Properties("DrinkDto")["size"] = {
      {"oneOf", Json::array({{{"type", "string"}}, {{"type", "integer"}}})}};
  EXPECT_EQ(Error(),
            "#/components/schemas/DrinkDto/properties/size/oneOf: only one alternative besides "
            "null can be mapped");
}

TEST_F(OpenApiTest, ObjectInPlace) {
  Properties("DrinkDto")["size"] = {{"type", "object"},
                                    {"properties", {{"ml", {{"type", "integer"}}}}}};
  EXPECT_EQ(Error(),
            "#/components/schemas/DrinkDto/properties/size: an object that is written out in "
            "place; give it a name");
}

TEST_F(OpenApiTest, EnumTextsThatFallTogether) {
  Schema("Size")["enum"] = Json::array({"small", "Small"});
  EXPECT_EQ(Error(), "#/components/schemas/Size: \"Small\" gives no enum value of its own");
}

TEST_F(OpenApiTest, OperationWithoutId) {
  Operation(kDrinks, "get").erase("operationId");
  EXPECT_EQ(Error(), "#/paths/~1v1~1stands~1{standId}~1drinks/get: lacks \"operationId\"");
}

TEST_F(OpenApiTest, OperationWithTwoTags) {
  Operation(kDrinks, "get")["tags"] = Json::array({"a", "b"});
  EXPECT_EQ(Error(), "#/paths/~1v1~1stands~1{standId}~1drinks/get/tags: is not exactly one tag");
}

TEST_F(OpenApiTest, SameRpcTwice) {
  Operation(kDrinks, "post")["operationId"] = "ColdDrinks_List";
  EXPECT_EQ(Error(), "#/paths/~1v1~1stands~1{standId}~1drinks/post: a second RPC \"List\"");
}

TEST_F(OpenApiTest, UndeclaredPathParameter) {
  api["paths"][kDrink]["parameters"].erase(0);
  EXPECT_THAT(Error(), HasSubstr("the path has parameters that are not declared"));
}

TEST_F(OpenApiTest, HeaderParameter) {
  api["paths"][kDrink]["parameters"][0]["in"] = "header";
  EXPECT_THAT(Error(), HasSubstr("parameters/0: parameters in \"header\" cannot be mapped"));
}

TEST_F(OpenApiTest, ReplyThatIsNotJson) {
  Operation(kDrinks, "get")["responses"]["200"]["content"] = {{"text/csv", Json::object()}};
  EXPECT_THAT(Error(), HasSubstr("/get/responses/200/content: offers no JSON"));
}

TEST_F(OpenApiTest, ParameterNamedLikeAnother) {
  Operation(kDrinks, "get")["parameters"].push_back(
      {{"name", "cold_only"}, {"in", "query"}, {"schema", {{"type", "boolean"}}}});
  EXPECT_THAT(Error(), HasSubstr("/get: a second parameter \"cold_only\""));
}

TEST_F(OpenApiTest, TagThatTakesASharedFile) {
  Operation(kOrders, "get")["tags"] = Json::array({"types"});
  Operation(kOrders, "post")["tags"] = Json::array({"types"});
  EXPECT_EQ(Error(), "a tag cannot be called \"types\"");
}

TEST_F(OpenApiTest, OperationOverridesParametersOfItsPath) {
  Operation(kDrinks, "post")["parameters"] =
      Json::array({{{"name", "standId"}, {"in", "path"}, {"schema", {{"type", "integer"}}}}});
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("message CreateDrinkRequest {\n"
                                              "  optional int64 stand_id = 1"));
}

TEST_F(OpenApiTest, ReferencedParametersAndBodies) {
  api["components"]["parameters"]["Limit"] = Operation(kDrinks, "get")["parameters"][0];
  Operation(kDrinks, "get")["parameters"][0] = {{"$ref", "#/components/parameters/Limit"}};
  api["components"]["requestBodies"]["Drink"] = Operation(kDrinks, "post")["requestBody"];
  Operation(kDrinks, "post")["requestBody"] = {{"$ref", "#/components/requestBodies/Drink"}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional int32 limit = 2"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("CreateDrinkDto body = 2"));
}

TEST_F(OpenApiTest, NullableOfVersionThreeZero) {
  api["openapi"] = "3.0.3";
  Properties("DrinkDto")["strength"] = {
      {"type", "number"}, {"format", "double"}, {"nullable", true}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional double strength = 5 [(gateway.v1.field).nullable = true];"));
}

}  // namespace
}  // namespace gateway::apigen
