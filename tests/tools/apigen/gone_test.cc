// What happens to elements that the upstream removes, hides or deprecates, and to elements that
// people added.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class GoneTest : public StandTest {};

// Returns the text of an element, from its head to its end.
std::string ElementOf(const std::string& text, const std::string& head) {
  const size_t begin = text.find(head);
  return begin == std::string::npos ? "" : text.substr(begin, text.find("\n}", begin) - begin + 2);
}

TEST_F(GoneTest, DeprecatedOperationIsServedOn) {
  Run();
  Operation(kDrink, "patch")["deprecated"] = true;
  EXPECT_THAT(Run(), HasSubstr("`ColdDrinksService.UpdateDrink` deprecated: now deprecated"));
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"),
              HasSubstr("rpc UpdateDrink(UpdateDrinkRequest) returns (DrinkDto) {\n"));
  EXPECT_THAT(ElementOf(Proto("cold_drinks"), "service "), HasSubstr("option deprecated = true;"));
}

TEST_F(GoneTest, HiddenOperationIsServedOnAndNewOnesAreNot) {
  Run();
  Operation(kDrink, "patch")["x-gitbook-ignore"] = true;
  Operation(kDrinks, "put")["x-gitbook-ignore"] = true;
  Run();
  EXPECT_EQ(report.rpcs, 6U);
  EXPECT_THAT(ElementOf(Proto("cold_drinks"), "service "), HasSubstr("option deprecated = true;"));
}

TEST_F(GoneTest, MessagesAndEnumsKeepTheirNumbersReserved) {
  Run();
  api["components"]["schemas"].erase("RecipeBookDto");
  Operation(kDrinks, "get")["parameters"].erase(3);
  Run();
  EXPECT_THAT(Proto("gone"), HasSubstr("message RecipeBookDto {\n"
                                       "  option (gateway.v1.schema).gone = true;\n"
                                       "  option deprecated = true;\n"
                                       "  reserved 1;\n"
                                       "  reserved \"author\";\n"
                                       "}"));
  EXPECT_THAT(Proto("gone"),
              HasSubstr("  reserved 1 to 2;\n"
                        "  reserved \"LIST_ORDER_BY_NAME\", \"LIST_ORDER_BY_PRICE\";\n"
                        "\n"
                        "  LIST_ORDER_UNSPECIFIED = 0;\n"));
}

TEST_F(GoneTest, WhatComesBackTakesNewNumbers) {
  Run();
  const Json book = Schema("RecipeBookDto");
  const Json orders = api["paths"][kOrders];
  api["components"]["schemas"].erase("RecipeBookDto");
  api["paths"].erase(kOrders);
  Run();
  EXPECT_THAT(Proto("gone"), HasSubstr("message OrdersListRequest {"));
  Schema("RecipeBookDto") = book;
  api["paths"][kOrders] = orders;
  EXPECT_THAT(Run(), HasSubstr("`RecipeBookDto` returned"));
  EXPECT_THAT(Proto("unlisted"), HasSubstr("message RecipeBookDto {\n  reserved 1;\n\n"
                                           "  PersonDto author = 2;\n}"));
  EXPECT_THAT(Proto("orders"), HasSubstr("message OrdersListRequest {\n  reserved 1;\n\n"
                                         "  optional string stand_id = 2"));
  EXPECT_FALSE(HasProto("gone"));
}

TEST_F(GoneTest, WhatTheDocumentsNameStays) {
  Run();
  const Json digest = {{"operations", {{"PATCH " + std::string(kDrink), Json::object()}}},
                       {"schemas",
                        {{"RecipeBookDto", {{"", "object"}, {"author", "ref:PersonDto"}}},
                         {"DrinkDto", {{"", "object"}, {"recipe", "any"}}},
                         {"Size", {{"", "string value:small value:Large"}}}}}};
  ASSERT_TRUE(WriteFile(directory / "digest.json", digest.dump()).ok());
  decisions["documented"] = (directory / "digest.json").string();
  api["paths"][kDrink].erase("patch");
  api["components"]["schemas"].erase("RecipeBookDto");
  api["components"]["schemas"].erase("UpdateDrinkDto");
  Properties("DrinkDto").erase("recipe");
  Properties("DrinkDto").erase("extras");
  Schema("Size")["enum"] = Json::array({"Large", "unknown"});
  EXPECT_THAT(Run(), HasSubstr("`ColdDrinksService.UpdateDrink` kept: gone upstream; stays"));
  const std::string proto = Proto("cold_drinks");
  EXPECT_THAT(ElementOf(proto, "service "), HasSubstr("    option deprecated = true;\n"));
  EXPECT_THAT(ElementOf(proto, "service "), HasSubstr("option (gateway.v1.method).local = true;"));
  EXPECT_THAT(proto,
              HasSubstr("message UpdateDrinkDto {\n  option (gateway.v1.schema).local = true;\n"
                        "  optional string name = 1"));
  EXPECT_THAT(proto, HasSubstr("google.protobuf.Value recipe = 11 [(gateway.v1.field).local = "
                               "true, deprecated = true];"));
  EXPECT_THAT(proto, HasSubstr("  reserved 12;\n  reserved \"extras\";\n"));
  EXPECT_THAT(proto, HasSubstr("  SIZE_SMALL = 1 [(gateway.v1.value).local = true, deprecated = "
                               "true];"));
  EXPECT_THAT(Proto("unlisted"), HasSubstr("  option (gateway.v1.schema).local = true;\n"));
}

TEST_F(GoneTest, WhatWasKeptAndComesBackIsAsBefore) {
  Run();
  const auto before = AllProtos();
  const Json saved = api;
  const Json digest = {{"schemas", {{"DrinkDto", {{"recipe", "any"}}}}}};
  ASSERT_TRUE(WriteFile(directory / "digest.json", digest.dump()).ok());
  decisions["documented"] = (directory / "digest.json").string();
  Properties("DrinkDto").erase("recipe");
  Run();
  api = saved;
  Run();
  EXPECT_EQ(AllProtos(), before);
}

// As docs/changing.md describes: what people add is marked as `local`.
TEST_F(GoneTest, RpcAddedByHandStays) {
  Run();
  Edit("orders", "service OrdersService {",
       "service OrdersService {\n"
       "  // Not in the contract yet.\n"
       "  rpc Tip(TipRequest) returns (TipDto) {\n"
       "    option (google.api.http) = {post: \"/v1/stands/{stand_id}/tips\" body: \"body\"};\n"
       "    option (gateway.v1.method).local = true;\n"
       "  }\n");
  Edit(
      "orders", "message OrderDto {",
      "message TipRequest {\n  optional string stand_id = 1 [(gateway.v1.field).required = true];\n"
      "  TipDto body = 2;\n}\n\n"
      "message TipDto {\n  option (gateway.v1.schema).local = true;\n"
      "  optional int64 amount = 1;\n}\n\nmessage OrderDto {");
  Run();
  const auto edited = AllProtos();
  EXPECT_THAT(edited.at("orders.proto"), HasSubstr("  // Not in the contract yet.\n  rpc Tip("));
  EXPECT_THAT(edited.at("orders.proto"), HasSubstr("message TipDto {"));
  Properties("OrderDto")["note"] = {{"type", "string"}};
  Run();
  EXPECT_THAT(Proto("orders"), HasSubstr("rpc Tip("));
  EXPECT_THAT(Proto("orders"), HasSubstr("optional int64 amount = 1;"));
}

TEST_F(GoneTest, RpcInAFileOfItsOwnStaysAndIsMarkedIfThePersonForgot) {
  Run();
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/tips.proto",
                        "syntax = \"proto3\";\n\npackage lemon.v1;\n\n"
                        "import \"google/api/annotations.proto\";\n"
                        "import \"google/protobuf/empty.proto\";\n\n"
                        "service TipsService {\n"
                        "  rpc Tip(TipRequest) returns (google.protobuf.Empty) {\n"
                        "    option (google.api.http) = {post: \"/v1/tips/{name}\"};\n  }\n}\n\n"
                        "message TipRequest {\n  optional string name = 1;\n}\n")
                  .ok());
  Run();
  EXPECT_THAT(Proto("tips"), HasSubstr("option (gateway.v1.method).local = true;"));
  Properties("OrderDto")["note"] = {{"type", "string"}};
  Run();
  EXPECT_THAT(Proto("tips"), HasSubstr("rpc Tip(TipRequest)"));
}

TEST_F(GoneTest, LocalFileIsLeftAloneWhateverItHolds) {
  Run();
  const std::string text =
      "syntax = \"proto3\";  /* mine */\npackage lemon.v1;\n"
      "import \"gateway/v1/annotations.proto\";\nimport \"google/api/annotations.proto\";\n"
      "option (gateway.v1.local_file) = true;\n"
      "service PoursService { rpc Pour(Glass) returns (Glass) {\n"
      "  option (google.api.http) = {get: \"/v1/stands/{stand_id}/pours\"}; } }\n"
      "message Glass { string stand_id = 1; oneof x { string y = 2; } message Inner {} }\n";
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/pours.proto", text).ok());
  // The upstream adds a Glass and this operation too, in another form.
  Schema("Glass") = {{"type", "object"}, {"properties", {{"ml", {{"type", "integer"}}}}}};
  Properties("OrderDto")["glass"] = {{"$ref", "#/components/schemas/Glass"}};
  api["paths"]["/v1/stands/{standId}/pours"]["get"] = Operation(kOrders, "get");
  Run();
  EXPECT_EQ(Proto("pours"), text);
  EXPECT_THAT(Proto("orders"), HasSubstr("  Glass2 glass = 3;"));
  EXPECT_EQ(report.rpcs, 6U);
  Properties("OrderDto").erase("glass");
  Run();
  EXPECT_EQ(Proto("pours"), text);
}

TEST_F(GoneTest, BodyThatIsNotRequiredByHandStaysSo) {
  Run();
  Edit("cold_drinks", "  CreateDrinkDto body = 2 [(gateway.v1.field).required = true];",
       "  CreateDrinkDto body = 2;");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
  Operation(kDrinks, "post")["requestBody"]["required"] = true;
  Run();
  EXPECT_EQ(BreaksOf("CreateDrinkRequest.body", Change::Kind::kRequired), "calls ");
}

TEST_F(GoneTest, RequiredTurnedOffByHandStaysOff) {
  Run();
  Edit("cold_drinks", "optional string name = 1 [(gateway.v1.field).required = true];",
       "optional string name = 1 [(gateway.v1.field).required = false];");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

// Another package below the same root uses a type that would move to another file.
TEST_F(GoneTest, RefusesWhatBreaksAnotherPackage) {
  Run();
  ASSERT_TRUE(WriteFile(directory / "events/v1/events.proto",
                        "syntax = \"proto3\";\npackage events.v1;\n"
                        "import \"lemon/v1/unlisted.proto\";\n"
                        "message Event { lemon.v1.RecipeBookDto book = 1; }\n")
                  .ok());
  api["components"]["schemas"].erase("RecipeBookDto");
  const auto before = AllProtos();
  EXPECT_THAT(NotesOfRun(), HasSubstr("would write what does not compile: events/v1/events.proto"));
  EXPECT_EQ(AllProtos(), before);
}

TEST_F(GoneTest, ReviewNamesWhatAPersonShouldLookAt) {
  Properties("CreateDrinkDto")["buyer_email"] = {{"type", "string"}, {"description", "Of whom"}};
  Run();
  Edit("cold_drinks", "  optional string buyer_email = 3;",
       "  // Who pays.\n  optional string buyer_email = 3 [(gateway.v1.field).sensitive = true];");
  Properties("CreateDrinkDto")["buyer_email"]["description"] = "Of the one who pays";
  Properties("OrderDto")["buyer_email"] = {{"type", "string"}};
  Properties("OrderDto")["api_token"] = {{"type", "string"}};
  const std::string text = Run();
  EXPECT_THAT(text, HasSubstr("`OrderDto.buyer_email`: like CreateDrinkDto.buyer_email"));
  EXPECT_THAT(text, HasSubstr("`OrderDto.api_token`: like the word \"token\""));
  EXPECT_THAT(report.review.stale_comments, Contains("CreateDrinkDto.buyer_email"));
  EXPECT_THAT(report.review.uncommented, Contains("OrderDto.api_token"));
}

TEST_F(GoneTest, ReportsWhatChangesNeitherTypeNorNumber) {
  Run();
  Properties("UpdateDrinkDto")["name"] = {
      {"type", "string"}, {"maxLength", 9}, {"deprecated", true}};
  const std::string text = Run();
  EXPECT_THAT(text, HasSubstr("`UpdateDrinkDto.name` nullable: is never null"));
  EXPECT_THAT(text, HasSubstr("`UpdateDrinkDto.name` deprecated: now deprecated"));
  EXPECT_THAT(text, HasSubstr("`UpdateDrinkDto.name` bounds: no bounds is now max_length 9"));
  EXPECT_EQ(BreaksOf("UpdateDrinkDto.name", Change::Kind::kBounds), "calls ");
}

class WebhooksTest : public StandTest {
 protected:
  WebhooksTest() {
    const Json drink = {{"$ref", "#/components/schemas/DrinkDto"}};
    api.erase("paths");
    const Json body = {{"type", "object"},
                       {"properties", {{"drink", drink}, {"spilt", {{"type", "boolean"}}}}}};
    AddEvent("ON_SPILL", body);
    AddEvent("ON_SPILL_CLEANED", body);
    AddEvent("ON_DRINK", Schema("DrinkDto"));
  }

  void AddEvent(const std::string& name, const Json& body) {
    api["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        {"type", "object"}, {"properties", {{"event_id", {{"type", "string"}}}, {"body", body}}}};
  }
};

TEST_F(WebhooksTest, EachFormOfABodyIsAMessage) {
  Run();
  EXPECT_THAT(Proto("types"), HasSubstr("message SpillBody {\n  DrinkDto drink = 1;\n"
                                        "  optional bool spilt = 2;\n}"));
  EXPECT_THAT(Proto("types"), Not(HasSubstr("DrinkBody")));
  EXPECT_THAT(Proto("types"), Not(HasSubstr("SpillCleanedBody")));
}

TEST_F(WebhooksTest, ABodyOfOtherBoundsIsAnotherMessage) {
  for (const auto& [name, most] : {std::pair("ON_SIP", 5), std::pair("ON_GULP", 500)}) {
    const Json number = {{"type", "integer"}, {"maximum", most}};
    AddEvent(name, {{"type", "object"}, {"properties", {{"millilitres", number}}}});
  }
  Run();
  EXPECT_THAT(Proto("types"), HasSubstr("message SipBody {"));
  EXPECT_THAT(Proto("types"), HasSubstr("message GulpBody {"));
}

TEST_F(WebhooksTest, TypesStayInTheirFileInTheirOrder) {
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/events.proto",
                        "syntax = \"proto3\";\n\npackage lemon.v1;\n\n"
                        "// Of the floor.\nmessage Spill {\n  optional bool spilt = 4;\n}\n\n"
                        "message PersonDto {\n  optional string nick_name = 3;\n}\n")
                  .ok());
  decisions["renamed"]["SpillBody"] = "Spill";
  Run();
  const std::string events = Proto("events");
  EXPECT_THAT(events, HasSubstr("// Of the floor.\nmessage Spill {\n"
                                "  option (gateway.v1.schema).name = \"SpillBody\";\n"
                                "  optional bool spilt = 4;\n  DrinkDto drink = 5;\n}"));
  EXPECT_THAT(events, HasSubstr("optional string nick_name = 3;"));
  EXPECT_LT(events.find("message Spill {"), events.find("message PersonDto {"));
  EXPECT_LT(events.find("message PersonDto {"), events.find("message DrinkDto {"));
}

}  // namespace
}  // namespace gateway::apigen
