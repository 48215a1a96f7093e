// What happens to RPCs, their messages and the files that they stand in when the upstream changes.
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"
#include "tools/apigen/committed/files.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MergeOperationsTest : public StandTest {};

TEST_F(MergeOperationsTest, RemovedRpcGoesWithItsMessages) {
  Run();
  api["paths"][kDrink].erase("patch");
  const std::string text = Run();
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr("UpdateDrinkRequest")));
  EXPECT_THAT(text, HasSubstr("`ColdDrinksService.UpdateDrink` removed"));
  EXPECT_THAT(Proto("unlisted"), HasSubstr("message UpdateDrinkDto {"));
}

TEST_F(MergeOperationsTest, RemovedTagTakesItsFile) {
  Run();
  api["paths"].erase(kOrders);
  EXPECT_THAT(Run(), HasSubstr("`OrdersService.List` removed"));
  EXPECT_FALSE(HasProto("orders"));
}

TEST_F(MergeOperationsTest, NewRpcFollowsItsNeighbourAndOthersStay) {
  Run();
  Json poured = Operation(kDrinks, "post");
  poured["operationId"] = "ColdDrinks_PourDrink";
  api["paths"][kDrink]["post"] = poured;
  Run();
  const std::string proto = Proto("cold_drinks");
  EXPECT_LT(proto.find("rpc DeleteDrink("), proto.find("rpc PourDrink("));
}

TEST_F(MergeOperationsTest, RenamedOperationKeepsItsName) {
  Run();
  Edit("cold_drinks", "  rpc UpdateDrink(", "  // Stir.\n  rpc UpdateDrink(");
  auto& parameters = api["paths"][kDrink]["parameters"];
  parameters.push_back({{"name", "gently"}, {"in", "query"}, {"schema", {{"type", "boolean"}}}});
  Operation(kDrink, "patch")["operationId"] = "ColdDrinks_StirDrink";
  EXPECT_THAT(Run(), HasSubstr("`ColdDrinksService.UpdateDrink` renamed: upstream: "
                               "ColdDrinks_StirDrink"));
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  // Stir.\n  rpc UpdateDrink(UpdateDrinkRequest)"));
  EXPECT_THAT(
      Proto("cold_drinks"),
      HasSubstr("    option (gateway.v1.method).operation_id = \"ColdDrinks_StirDrink\";\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  optional bool gently = 5;\n"));
}

TEST_F(MergeOperationsTest, PathParameterCalledOtherwiseKeepsItsField) {
  Run();
  const std::string before = Proto("cold_drinks");
  api = Json::parse(absl::StrReplaceAll(api.dump(), {{"drinkId", "id"}}));
  EXPECT_THAT(Run(), HasSubstr("0 changes"));
  EXPECT_EQ(Proto("cold_drinks"), before);
}

TEST_F(MergeOperationsTest, OperationWithAnotherTagStaysInItsService) {
  Run();
  Operation(kDrink, "patch")["tags"] = Json::array({"orders"});
  Run();
  EXPECT_EQ(report.breaking(), 0U);
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc UpdateDrink("));
}

TEST_F(MergeOperationsTest, ChangedVerbForgetsWhatWasSafe) {
  Run();
  api["paths"][kDrink]["post"] = Operation(kDrink, "delete");
  api["paths"][kDrink].erase("delete");
  EXPECT_THAT(Run(), HasSubstr("`ColdDrinksService.DeleteDrink` rerouted"));
  const std::string proto = Proto("cold_drinks");
  const size_t rpc = proto.find("rpc DeleteDrink(");
  EXPECT_THAT(proto.substr(rpc, proto.find('}', proto.find("};", rpc) + 2) - rpc),
              Not(HasSubstr("idempotency_level")));
}

TEST_F(MergeOperationsTest, TypeMovesBetweenFilesWithNumbersAndComments) {
  Properties("OrderDto").erase("buyer");
  Run();
  Edit("cold_drinks", "  optional string nick_name = 1;",
       "  // Never the real one.\n  optional string nick_name = 4;");
  Properties("OrderDto")["buyer"] = {{"$ref", "#/components/schemas/PersonDto"}};
  Run();
  EXPECT_EQ(BreaksOf("PersonDto", Change::Kind::kMoved), "source ");
  EXPECT_EQ(report.breaking(), 1U);
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr("message PersonDto")));
  EXPECT_THAT(Proto("types"),
              HasSubstr("  // Never the real one.\n  optional string nick_name = 4;"));
}

TEST_F(MergeOperationsTest, LaterNameCollisionLeavesTheCommittedRpcAlone) {
  Json orders = api["paths"][kOrders];
  api["paths"].erase(kOrders);
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc List(ListRequest) returns (ListResponse)"));
  api["paths"][kOrders] = orders;
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc List(ListRequest) returns (ListResponse)"));
  EXPECT_THAT(Proto("orders"),
              HasSubstr("rpc List(OrdersListRequest) returns (OrdersListResponse)"));
}

TEST_F(MergeOperationsTest, ReplyThatBecomesAListStartsFromOne) {
  Run();
  Json& schema =
      Operation(kDrinks, "post")["responses"]["201"]["content"]["application/json"]["schema"];
  schema = {{"type", "array"}, {"items", schema}};
  EXPECT_THAT(Run(), HasSubstr("`ColdDrinksService.CreateDrink` retyped: reply DrinkDto is now "
                               "CreateDrinkResponse"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("message CreateDrinkResponse {\n"
                                              "  repeated DrinkDto items = 1;\n}"));
}

TEST_F(MergeOperationsTest, MessageRenamedByHandBeforehandKeepsItsNumbers) {
  Run();
  Properties("OrderDto").erase("paid");
  Run();
  Schema("TabDto") = Schema("OrderDto");
  api["components"]["schemas"].erase("OrderDto");
  api = Json::parse(absl::StrReplaceAll(api.dump(), {{"schemas/OrderDto", "schemas/TabDto"}}));
  const std::string renamed = absl::StrReplaceAll(Proto("orders"), {{"OrderDto", "TabDto"}});
  ASSERT_TRUE(WriteFile(directory / "lemon/v1/orders.proto", renamed).ok());
  EXPECT_THAT(Run(), HasSubstr("0 changes"));
  EXPECT_EQ(Proto("orders"), renamed);
}

TEST_F(MergeOperationsTest, ReplyByHandStays) {
  Run();
  Edit("orders", "rpc PlaceOrders(PlaceOrdersRequest) returns (google.protobuf.Empty) {",
       "// The reply is in no contract.\n"
       "  rpc PlaceOrders(PlaceOrdersRequest) returns (PlaceOrdersResponse) {");
  Edit("orders", "{post: \"/v1/stands/{stand_id}/orders\" body: \"items\"};",
       "{\n      post: \"/v1/stands/{stand_id}/orders\"\n      body: \"items\"\n"
       "      response_body: \"queue\"\n    };\n"
       "    option (gateway.v1.method).local_reply = true;");
  Edit("orders", "message OrderDto {",
       "message PlaceOrdersResponse {\n  optional int32 queue = 1;\n}\n\nmessage OrderDto {");
  Edit("orders", "import \"google/protobuf/empty.proto\";\n", "");
  const std::string edited = Proto("orders");
  Run();
  EXPECT_EQ(Proto("orders"), edited);
}

TEST_F(MergeOperationsTest, ReplyReadAsArrayOrObjectStays) {
  Run();
  Edit("cold_drinks", "rpc CreateDrink(CreateDrinkRequest) returns (DrinkDto) {",
       "rpc CreateDrink(CreateDrinkRequest) returns (CreateDrinkResponse) {");
  Edit("cold_drinks",
       "    option (google.api.http) = {post: \"/v1/stands/{stand_id}/drinks\" body: \"body\"};",
       "    option (google.api.http) = {\n      post: \"/v1/stands/{stand_id}/drinks\"\n"
       "      body: \"body\"\n      response_body: \"items\"\n    };\n"
       "    option (gateway.v1.method).array_or_object = true;");
  Edit("cold_drinks", "message UpdateDrinkRequest {",
       "message CreateDrinkResponse {\n  repeated DrinkDto items = 1;\n}\n\n"
       "message UpdateDrinkRequest {");
  const std::string edited = Proto("cold_drinks");
  Run();
  EXPECT_EQ(Proto("cold_drinks"), edited);
}

}  // namespace
}  // namespace gateway::apigen
