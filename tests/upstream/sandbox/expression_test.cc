#include "upstream/sandbox/expression.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/rules.h"

namespace gateway::sandbox {
namespace {

class ExpressionTest : public testing::Test {
 protected:
  Json Of(const char* expression) { return Evaluate(world_, names_, *ParseJson(expression)); }

  const std::unique_ptr<const Contract> contract_ =
      Contract::Parse(FindBundle("paynow")->contract).value();
  const Json behaviour_ = {{"actor", {{"type", "api_key"}}}};
  World world_{*contract_, behaviour_, 100};
  Names names_ = {{"body", *ParseJson(R"({"n": 3, "s": "Ab c!", "null": null,
                              "lines": [{"p": 1, "q": [{"r": 5}]}, {"p": 2}]})")}};
};

TEST_F(ExpressionTest, References) {
  EXPECT_EQ(Of(R"("$body.n")"), 3);
  EXPECT_EQ(Of(R"("$body.lines.p")"), Json({1, 2}));
  EXPECT_EQ(Of(R"("$body.lines.q.r")"), Json::array({5}));
  EXPECT_TRUE(IsAbsent(Of(R"("$body.missing.deeper")")));
  EXPECT_TRUE(IsAbsent(Of(R"("$nobody")")));
  EXPECT_TRUE(Of(R"("$body.null")").is_null());
  EXPECT_EQ(Of(R"("n is ${body.n}, ${body.missing}.")"), "n is 3, .");
  EXPECT_EQ(Of(R"("costs $5")"), "costs $5");
  EXPECT_EQ(Of(R"("$actor")"), Json({{"type", "api_key"}}));
  EXPECT_NE(Of(R"("$flake")"), Of(R"("$flake")"));
}

TEST_F(ExpressionTest, ObjectsAndListsLeaveOutWhatIsAbsent) {
  EXPECT_EQ(Of(R"({"a": "$body.n", "b": "$body.missing", "c": null})"),
            Json({{"a", 3}, {"c", nullptr}}));
  EXPECT_EQ(Of(R"(["$body.missing", 1])"), Json::array({1}));
}

TEST_F(ExpressionTest, Operators) {
  const struct {
    const char* expression;
    const char* value;
  } cases[] = {
      {R"({"$first": ["$body.missing", "$body.null", 7, 8]})", "7"},
      {R"({"$if": "$body.n", "then": 1, "else": 2})", "1"},
      {R"({"$if": "$body.missing", "then": 1, "else": 2})", "2"},
      {R"({"$not": ""})", "true"},
      {R"({"$and": [1, "x", [0]]})", "true"},
      {R"({"$and": [1, {}]})", "false"},
      {R"({"$or": [0, null, false]})", "false"},
      {R"({"$eq": ["$body.n", 3]})", "true"},
      {R"({"$eq": ["$body.missing", "$body.absent"]})", "true"},
      {R"({"$less": [-1, 3]})", "true"},
      {R"({"$less": ["a", 3]})", "false"},
      {R"({"$in": [2, "$body.lines.p"]})", "true"},
      {R"({"$in": ["$body.missing", [null]]})", "false"},
      {R"({"$sum": [1, "$body.lines.p", "x"]})", "4"},
      {R"({"$sum": [9223372036854775807, 1]})", "9223372036854775807"},
      {R"({"$times": [9223372036854775807, -2]})", "-9223372036854775808"},
      {R"({"$minus": [1, 3]})", "-2"},
      {R"({"$count": "$body.lines"})", "2"},
      {R"({"$count": "$body.missing"})", "0"},
      {R"({"$each": "$body.lines", "as": "l", "value": ["$l.p", "$l_index"]})", "[[1,0],[2,1]]"},
      {R"({"$each": "$body.n", "as": "l", "value": 1})", "[]"},
      {R"({"$concat": [[1], [2, 3], "$body.missing"]})", "[1,2,3]"},
      {R"({"$index": "$body.lines", "by": "p"})", R"({"1":{"p":1,"q":[{"r":5}]},"2":{"p":2}})"},
      {R"({"$merge": [{"a": 1, "b": 1}, "$body.missing", {"b": 2}]})", R"({"a":1,"b":2})"},
      {R"({"$at": [[10, 20, 30], 4]})", "20"},
      {R"({"$select": ["$body", "lines.q.r"]})", "[5]"},
      {R"({"$slug": "  Ab  c! "})", "\"ab-c\""},
      {R"({"$later": ["2025-05-01T00:00:00Z", 90]})", "\"2025-05-01T00:01:30Z\""},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(WriteJson(Of(one.expression)), one.value) << one.expression;
  }
  EXPECT_TRUE(IsAbsent(Of(R"({"$at": [[], 0]})")));
  EXPECT_TRUE(IsAbsent(Of(R"({"$later": ["soon", 1]})")));
  EXPECT_TRUE(IsAbsent(Of(R"({"$unheard": 1})")));
}

TEST_F(ExpressionTest, NamesOfALoopEndWithIt) {
  Of(R"({"$each": [1], "as": "body", "value": "$body"})");
  EXPECT_EQ(Of(R"("$body.n")"), 3);
}

TEST_F(ExpressionTest, FindsRecords) {
  world_.state().Insert("A", {{"id", "5"}, {"kind", "x"}, {"list", {"p", "q"}}});
  world_.state().Insert("A", {{"id", "6"}, {"kind", "y"}, {"on", true}});
  EXPECT_EQ(Of(R"({"$find": "A", "where": {"id": "6"}})")["kind"], "y");
  EXPECT_EQ(Of(R"({"$find": "A", "where": {"list": "q"}})")["id"], "5");
  EXPECT_EQ(Of(R"({"$find": "A", "where": {"on": "true"}})")["id"], "6");
  EXPECT_EQ(Of(R"({"$find": "A", "where": {"on": null}})")["id"], "5");
  EXPECT_EQ(Of(R"({"$all": "A", "where": {"kind": ["x", "y"]}})").size(), 2u);
  EXPECT_TRUE(IsAbsent(Of(R"({"$find": "A", "where": {"id": "6", "kind": "x"}})")));
  EXPECT_TRUE(IsAbsent(Of(R"({"$find": "B", "where": {}})")));
}

TEST_F(ExpressionTest, ARelationToSomethingAbsentHoldsForNoRecord) {
  world_.state().Insert("A", {{"id", "5"}});
  EXPECT_TRUE(IsAbsent(Of(R"({"$find": "A", "where": {"id": "$body.missing"}})")));
  EXPECT_EQ(Of(R"({"$all": "A", "where": {"other": "$body.missing"}})").size(), 0u);
}

TEST_F(ExpressionTest, ARefusalIsTakenBackWhole) {
  Scope scope;
  world_.state().Begin();
  const auto refusal = RunSteps(world_, scope, *ParseJson(R"([
      {"create": "TagDto", "set": {"name": "kept?"}, "as": "tag"},
      {"update": "tag", "set": {"name": "changed"}},
      {"require": false, "else": {"status": 409, "code": "c", "message": "m"}}])"),
                                nullptr, Json::object());
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status, 409);
  world_.state().Rollback();
  EXPECT_FALSE(world_.state().Find("TagDto", Json::object()).has_value());
}

TEST_F(ExpressionTest, TheOldestRecordsMakeRoomButNotTheSeed) {
  World small(*contract_, behaviour_, 3);
  small.state().Insert("A", {{"id", "1"}});
  small.state().Seal();
  for (int id = 2; id < 10; ++id) small.state().Insert("A", {{"id", std::to_string(id)}});
  EXPECT_EQ(small.state().FindAll("A", Json::object()).size(), 3u);
  EXPECT_TRUE(small.state().Find("A", {{"id", "1"}}).has_value());
  EXPECT_TRUE(small.state().Find("A", {{"id", "9"}}).has_value());
}

}  // namespace
}  // namespace gateway::sandbox
