// Unusual OpenAPI files: anything that the rules do not cover is skipped or read in a looser form.
// A note names its place, and the rest of the file is not affected.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDrinksPointer[] = "#/paths/~1v1~1stands~1{standId}~1drinks";

class OpenApiTest : public StandTest {};

TEST_F(OpenApiTest, NotJson) {
  const auto outcome = apigen::Generate("{", Options());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.status().message(), "#: is not JSON");
}

TEST_F(OpenApiTest, VersionTwo) {
  api["openapi"] = "2.0";
  EXPECT_EQ(NotesOfRun(), "#/openapi: \"2.0\" is not a version 3");
}

TEST_F(OpenApiTest, NoVersion) {
  api.erase("openapi");
  EXPECT_EQ(NotesOfRun(), "#: lacks \"openapi\"");
}

struct LooseCase {
  const char* name;
  const char* size;  // the schema of DrinkDto.size
  const char* place;
  const char* note;
  const char* field;
};

class LooseTest : public StandTest, public ::testing::WithParamInterface<LooseCase> {};

TEST_P(LooseTest, FieldIsReadInALooserForm) {
  Properties("DrinkDto")["size"] = Json::parse(GetParam().size);
  EXPECT_THAT(NotesOfRun(),
              HasSubstr(std::string("loosened #/components/schemas/DrinkDto/") + "properties/size" +
                        GetParam().place + ": " + GetParam().note));
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr(GetParam().field));
  EXPECT_EQ(report.rpcs, 6U);
}

INSTANTIATE_TEST_SUITE_P(
    Apigen, LooseTest,
    ::testing::Values(
        LooseCase{"UnknownSchema", R"({"$ref": "#/components/schemas/Volume"})", "",
                  "there is no schema \"Volume\"", "google.protobuf.Value size = 4;"},
        LooseCase{"NoObject", "3", "", "is not an object", "google.protobuf.Value size = 4;"},
        LooseCase{"TwoTypes", R"({"type": ["string", "integer"]})", "/type",
                  "names more than one type besides null", "google.protobuf.Value size = 4;"},
        LooseCase{"UnknownType", R"({"type": "file"})", "", "unknown type \"file\"",
                  "google.protobuf.Value size = 4;"},
        LooseCase{"Alternatives", R"({"oneOf": [{"type": "string"}, {"type": "integer"}]})",
                  "/oneOf", "only one alternative besides null can be mapped",
                  "google.protobuf.Value size = 4;"},
        LooseCase{"ArrayOfArrays",
                  R"({"type": "array", "items": {"type": "array", "items": {"type": "string"}}})",
                  "", "an array of arrays or of maps is read as a list of any values",
                  "google.protobuf.ListValue size = 4;"},
        LooseCase{"OddBound", R"({"type": "integer", "minimum": 0.5})", "/minimum",
                  "is not an integer", "optional int64 size = 4;"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(OpenApiTest, ReferencesInACircle) {
  Schema("FlakeId") = {{"$ref", "#/components/schemas/FlakeId"}};
  EXPECT_THAT(NotesOfRun(), HasSubstr("a chain of references that does not end"));
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("google.protobuf.Value id = 1"));
}

TEST_F(OpenApiTest, ObjectInPlaceIsNamedAfterIt) {
  Properties("DrinkDto")["size"] = {{"type", "object"},
                                    {"properties", {{"ml", {{"type", "integer"}}}}}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  DrinkDtoSize size = 4;\n"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("message DrinkDtoSize {\n  optional int64 ml = 1;\n}"));
}

TEST_F(OpenApiTest, ObjectsInPlaceOfBodyAndReply) {
  const Json object = {{"type", "object"}, {"properties", {{"ml", {{"type", "integer"}}}}}};
  Operation(kDrinks, "post")["requestBody"]["content"]["application/json"]["schema"] = object;
  Operation(kDrinks, "post")["responses"]["201"]["content"]["application/json"]["schema"] = object;
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("rpc CreateDrink(CreateDrinkRequest) returns (CreateDrinkReply)"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  CreateDrinkBody body = 2"));
}

TEST_F(OpenApiTest, EnumTextsThatFallTogetherAreToldApart) {
  Schema("Size")["enum"] = Json::array({"small", "Small", ""});
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("  SIZE_SMALL = 1;\n"
                        "  SIZE_SMALL_2 = 2 [(gateway.v1.value).text = \"Small\"];\n}"));
}

TEST_F(OpenApiTest, SchemaWhoseNameIsNoIdentifier) {
  api = Json::parse(absl::StrReplaceAll(api.dump(), {{"PersonDto", "Person.Dto-v2"}}));
  Run();
  EXPECT_THAT(Proto("types"), HasSubstr("message PersonDtoV2 {\n"
                                        "  option (gateway.v1.schema).name = \"Person.Dto-v2\";"));
}

TEST_F(OpenApiTest, OperationWithoutIdIsSkippedAndTheOthersAreNot) {
  Operation(kDrinks, "get").erase("operationId");
  Operation(kOrders, "post")["requestBody"]["content"] = {{"text/csv", Json::object()}};
  EXPECT_THAT(NotesOfRun(),
              HasSubstr(std::string("skipped ") + kDrinksPointer + "/get: lacks \"operationId\""));
  EXPECT_THAT(NotesOfRun(), HasSubstr("/post/requestBody/content: offers no JSON"));
  EXPECT_THAT(Run(), HasSubstr("2 operations or parameters skipped"));
  EXPECT_EQ(report.rpcs, 4U);
}

TEST_F(OpenApiTest, ServedOperationThatCannotBeReadAnyMoreStays) {
  Run();
  const std::string before = Proto("orders");
  Operation(kOrders, "get").erase("operationId");
  Operation(kOrders, "post")["requestBody"]["content"] = {{"text/csv", Json::object()}};
  Run();
  EXPECT_EQ(Proto("orders"), before);
}

TEST_F(OpenApiTest, FirstOfTwoTagsCounts) {
  Operation(kDrinks, "get")["tags"] = Json::array({"cold-drinks", "orders"});
  EXPECT_THAT(NotesOfRun(), HasSubstr("/get/tags: only the first tag counts"));
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc List("));
}

TEST_F(OpenApiTest, SameRpcTwiceIsNamedByTheWholeId) {
  Operation(kDrinks, "post")["operationId"] = "HotDrinks_List";
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc ColdDrinksList("));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc HotDrinksList("));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("option (gateway.v1.method).operation_id = \"HotDrinks_List\";"));
}

TEST_F(OpenApiTest, SameIdTwice) {
  Operation(kDrinks, "post")["operationId"] = "ColdDrinks_List";
  Run();
  EXPECT_EQ(report.rpcs, 6U);
}

TEST_F(OpenApiTest, CommittedRpcKeepsItsNameWhenAnotherOneTakesIt) {
  Run();
  Operation(kDrinks, "post")["operationId"] = "ColdDrinks_List";
  const std::string before = Proto("cold_drinks");
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc CreateDrink("));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("option (gateway.v1.method).operation_id = \"ColdDrinks_List\";"));
}

TEST_F(OpenApiTest, UndeclaredPathParameterIsAString) {
  api["paths"][kDrink]["parameters"].erase(0);
  EXPECT_THAT(NotesOfRun(), HasSubstr("\"drinkId\" of the path is not declared"));
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("optional string drink_id = 2"));
}

TEST_F(OpenApiTest, HeaderParameterIsNotSent) {
  Operation(kDrinks, "get")["parameters"][0]["in"] = "header";
  EXPECT_THAT(NotesOfRun(), HasSubstr("parameters/0: a parameter in \"header\" is not sent"));
  Run();
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr(" limit = ")));
  EXPECT_EQ(report.rpcs, 6U);
}

TEST_F(OpenApiTest, QueryParameterNamedLikeOneOfThePath) {
  Operation(kDrinks, "get")["parameters"].push_back(
      {{"name", "stand_id"}, {"in", "query"}, {"schema", {{"type", "boolean"}}}});
  Run();
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional bool query_stand_id = 6 [(gateway.v1.field).wire_name = "
                        "\"stand_id\"];"));
}

// The colliding query parameter is added after the protos were committed, before the other
// parameters.
TEST_F(OpenApiTest, LaterCollisionMovesNothing) {
  Run();
  auto& parameters = Operation(kDrinks, "get")["parameters"];
  for (const char* name : {"stand_id", "cold_only"}) {
    const Json parameter = {{"name", name}, {"in", "query"}, {"schema", {{"type", "boolean"}}}};
    parameters.insert(parameters.begin(), parameter);
  }
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("optional bool cold_only = 3 [(gateway.v1.field).wire_name = "
                        "\"coldOnly\"];"));
}

TEST_F(OpenApiTest, LaterParametersNamedLikeBodyAndMask) {
  Run();
  auto& parameters = api["paths"][kDrink]["parameters"];
  for (const char* name : {"body", "update_mask"}) {
    parameters.push_back({{"name", name}, {"in", "query"}, {"schema", {{"type", "boolean"}}}});
  }
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  UpdateDrinkDto body = 3 ["));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  google.protobuf.FieldMask update_mask = 4;"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("bool query_body = 5 [(gateway.v1.field).wire_name = \"body\"];"));
}

TEST_F(OpenApiTest, TagThatTakesASharedFile) {
  Operation(kOrders, "get")["tags"] = Json::array({"types"});
  Run();
  EXPECT_THAT(Proto("types_operations"), HasSubstr("service TypesService {"));
}

TEST_F(OpenApiTest, ReplyUnder204IsReadWhereItComes) {
  auto& responses = Operation(kOrders, "post")["responses"];
  responses["204"]["content"]["application/json"]["schema"] = {
      {"type", "array"}, {"items", {{"$ref", "#/components/schemas/OrderDto"}}}};
  EXPECT_THAT(NotesOfRun(), HasSubstr("/responses/204: declares a reply under 204"));
  Run();
  EXPECT_THAT(Proto("orders"),
              HasSubstr("rpc PlaceOrders(PlaceOrdersRequest) returns (PlaceOrdersResponse)"));
  EXPECT_THAT(Proto("orders"), HasSubstr("option (gateway.v1.method).reply_may_be_empty = true;"));
}

TEST_F(OpenApiTest, LengthsAndCountsAreBounds) {
  Properties("CreateDrinkDto")["name"] = {{"type", "string"}, {"minLength", 2}, {"maxLength", 9}};
  Properties("CreateDrinkDto")["labels"] = {
      {"type", "array"}, {"maxItems", 3}, {"items", {{"type", "string"}}}};
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("min_length: 2"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("max_length: 9"));
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("repeated string labels = 3 [(gateway.v1.field).max_items = 3];"));
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
