// The streaming RPCs that apigen adds for paged lists: they follow the lists, and keep what people
// changed.
#include "gmock/gmock.h"
#include "tests/tools/apigen/stand.h"

namespace gateway::apigen {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class StreamsTest : public StandTest {
 protected:
  // Adds the parameters that make a list a paged one; it has a limit already.
  void Page() {
    Json& parameters = Operation(kDrinks, "get")["parameters"];
    for (const char* cursor : {"after", "before"}) {
      parameters.push_back({{"name", cursor},
                            {"in", "query"},
                            {"schema", {{"$ref", "#/components/schemas/FlakeId"}}}});
    }
    parameters.push_back({{"name", "asc"}, {"in", "query"}, {"schema", {{"type", "boolean"}}}});
  }
};

TEST_F(StreamsTest, AListWithoutPagesHasNone) {
  Run();
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr("stream")));
}

TEST_F(StreamsTest, StandsBehindItsListWithAMessageOfItsOwn) {
  Operation(kDrinks, "get")["operationId"] = "ColdDrinks_GetDrinks";
  Run();
  const size_t operations = report.rpcs;
  Page();
  Run();
  const std::string text = Proto("cold_drinks");
  EXPECT_THAT(text, HasSubstr("  rpc StreamDrinks(GetDrinksRequest) returns (stream "
                              "StreamDrinksResponse) {\n"
                              "    option (gateway.v1.method).pages = {\n"
                              "      list: \"GetDrinks\"\n"
                              "      items: \"items\"\n"
                              "      id: \"id\"\n"
                              "      cursor: \"after\"\n"
                              "      limit: \"limit\"\n"
                              "      oldest_first: \"asc\"\n"
                              "      unused: \"before\"\n"
                              "    };\n"
                              "    option idempotency_level = NO_SIDE_EFFECTS;\n"));
  EXPECT_THAT(text, HasSubstr("message StreamDrinksResponse {\n  DrinkDto item = 1;\n"));
  EXPECT_LT(text.find("rpc GetDrinks("), text.find("rpc StreamDrinks("));
  EXPECT_EQ(report.rpcs, operations) << "a stream is no operation of the upstream";
}

TEST_F(StreamsTest, KeepsTheCommentsThatPeopleWrote) {
  Operation(kDrinks, "get")["operationId"] = "ColdDrinks_GetDrinks";
  Page();
  Run();
  Edit("cold_drinks", "// GetDrinks as a stream, the oldest first.",
       "// All drinks, by the glass.");
  Edit("cold_drinks", "message StreamDrinksResponse {",
       "// A glass.\nmessage StreamDrinksResponse {");
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("  // All drinks, by the glass.\n"));
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("// A glass.\nmessage StreamDrinksResponse {"));
}

TEST_F(StreamsTest, GoesWithItsList) {
  Operation(kDrinks, "get")["operationId"] = "ColdDrinks_GetDrinks";
  Page();
  Run();
  Operation(kDrinks, "get")["parameters"].erase(6);
  Run();
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr("StreamDrinks")));
}

TEST_F(StreamsTest, LeavesANameToWhoHasIt) {
  Operation(kDrinks, "get")["operationId"] = "ColdDrinks_GetDrinks";
  Operation(kDrink, "get")["operationId"] = "ColdDrinks_StreamDrinks";
  Page();
  Run();
  EXPECT_THAT(Proto("cold_drinks"), HasSubstr("rpc StreamDrinks("));
  EXPECT_THAT(Proto("cold_drinks"), Not(HasSubstr("returns (stream")));
}

}  // namespace
}  // namespace gateway::apigen
