// Behaviour in Lua: what a script receives and returns, what it may not do, and its limits.
#include "upstream/sandbox/script/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/handler.h"
#include "upstream/sandbox/world/records.h"
#include "upstream/sandbox/world/world.h"

namespace gateway::sandbox {
namespace {

class ScriptTest : public testing::Test {
 protected:
  // A world whose behaviour is one function, `run(argument, sent)`.
  void Load(const std::string& body, Script::Limits limits = {}) {
    auto world = World::Create(
        *contract_,
        {{"paynow", absl::StrCat("return {run = function(argument, sent) ", body, " end}")}}, 100,
        limits);
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
  }

  std::variant<Json, Refusal> Run(const Json& argument = Json::object()) {
    world_->script().Refill();
    return world_->script().Call({"run"}, argument, argument);
  }
  Json Of(const std::string& body, const Json& argument = Json::object()) {
    Load(body);
    std::variant<Json, Refusal> result = Run(argument);
    if (Json* const value = std::get_if<Json>(&result)) return *value;
    return std::get<Refusal>(result).message;
  }
  // Runs the function, which must be refused. Returns the message of the refusal.
  std::string Fails(const std::string& body, Script::Limits limits = {}) {
    Load(body, limits);
    const std::variant<Json, Refusal> result = Run();
    const Refusal* const refusal = std::get_if<Refusal>(&result);
    return refusal == nullptr ? "no refusal" : refusal->message;
  }

  const std::unique_ptr<const Contract> contract_ =
      Contract::Parse(FindBundle("paynow")->contract).value();
  std::unique_ptr<World> world_;
};

TEST_F(ScriptTest, ValuesGoInAndComeOutAsTheyAre) {
  const Json value = *ParseJson(R"({"n": -9223372036854775808, "d": 0.92, "whole": 38.0, "t": "a",
      "flag": false, "list": [1, [], {}, {"deep": [[2]]}], "empty": [], "none": {}})");
  EXPECT_EQ(WriteJson(Of("return argument", value)), WriteJson(value));
  EXPECT_EQ(Of("return argument", *ParseJson(R"("\u0000 ü")")), *ParseJson(R"("\u0000 ü")"));
}

TEST_F(ScriptTest, NullsAreLeftOutButInWhatWasSent) {
  const Json value = *ParseJson(R"({"a": null, "b": [null, 1]})");
  EXPECT_EQ(Of("return {argument.a == nil, sent.a == null, argument.b}", value),
            *ParseJson("[true, true, [null, 1]]"));
  EXPECT_EQ(Of("return sent", value), value);
}

TEST_F(ScriptTest, Helpers) {
  EXPECT_EQ(Of("return first(nil, null, 7, 8)"), 7);
  EXPECT_EQ(Of("return merge({a = 1, b = 1}, nil, {b = 2})"), *ParseJson(R"({"a":1,"b":2})"));
  EXPECT_EQ(Of("return map({5, 6}, function(v, i) return i > 0 and v or nil end)"), Json({6}));
  EXPECT_EQ(Of("return sum({{n = 1}, {n = 2}, {}}, 'n')"), 3);
  EXPECT_EQ(Of("return sum({math.maxinteger, 1})"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Of("return times(math.maxinteger, -2)"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Of("return slug('  Ab  c! ')"), "ab-c");
  EXPECT_EQ(Of("return later('2025-05-01T00:00:00Z', 90)"), "2025-05-01T00:01:30Z");
  EXPECT_EQ(Of("return flake() ~= flake() and token() ~= token()"), true);
  EXPECT_EQ(Of("return refuse(409, 'c', 'm', 'p')"), "m");
}

TEST_F(ScriptTest, FindsRecords) {
  Load(R"(
    create("TagDto", {id = "5", name = "five"}, nil, {list = {"p", "q"}})
    create("TagDto", {id = "6", name = "six"}, nil, {on = true})
    return {
      find("TagDto", {id = "6"}).name, find("TagDto", {list = "q"}).id, find("TagDto", {on = "true"}).id,
      find("TagDto", {on = null}).id, count("TagDto", {name = {"five", "six"}}),
      find("TagDto", {id = "6", name = "five"}) == nil, find("SaleDto") == nil})");
  EXPECT_EQ(std::get<Json>(Run()), *ParseJson(R"(["six", "5", "6", "5", 2, true, true])"));
}

TEST_F(ScriptTest, AnUpdateShowsInTheTableThatWasGiven) {
  EXPECT_EQ(Of(R"(
    local tag = create("TagDto", {id = "5", name = "old", description = "gone"})
    update(tag, {name = "new", description = null})
    return {tag.name, tag.description == nil, find("TagDto", {id = "5"}).name})"),
            *ParseJson(R"(["new", true, "new"])"));
}

TEST_F(ScriptTest, ARefusalIsTakenBackWhole) {
  Load(R"(update(create("TagDto", {name = "kept?"}), {name = "changed"}) refuse(409, "c", "m"))");
  world_->state().Begin();
  const std::variant<Json, Refusal> result = Run();
  EXPECT_EQ(std::get<Refusal>(result).status, 409);
  world_->state().Rollback();
  EXPECT_FALSE(world_->state().Find("TagDto", Json::object()).has_value());
}

TEST_F(ScriptTest, ReachesNothingOutside) {
  for (const char* const name :
       {"io", "os", "debug", "package", "require", "load", "loadfile", "dofile", "coroutine",
        "print", "pcall", "xpcall", "collectgarbage", "getmetatable", "setmetatable", "_G"}) {
    EXPECT_EQ(Of(absl::StrCat("return ", name, " == nil")), true) << name;
  }
  EXPECT_EQ(Of("return string.dump == nil"), true);
  EXPECT_EQ(Of("return ('x').rep ~= nil"), true);
}

TEST_F(ScriptTest, AScriptThatLoopsIsEnded) {
  Script::Limits limits;
  limits.steps = 1000000;
  EXPECT_THAT(Fails("while true do end", limits), testing::HasSubstr("too many steps"));
  EXPECT_THAT(Fails("local function f() return f() end return f()", limits),
              testing::HasSubstr("too many steps"));
  // Each call has a budget of its own.
  EXPECT_THAT(std::get<Refusal>(Run()).message, testing::HasSubstr("too many steps"));
}

TEST_F(ScriptTest, AScriptThatFillsTheMemoryIsEnded) {
  Script::Limits limits;
  limits.bytes = 4 << 20;
  EXPECT_THAT(Fails("return string.rep('x', 1 << 30)", limits), testing::HasSubstr("memory"));
  EXPECT_THAT(Fails("local t = {} for i = 1, 1 << 30 do t[i] = {i} end", limits),
              testing::HasSubstr("memory"));
  EXPECT_THAT(Fails("local function f() return 1 + f() end return f()", limits),
              testing::AnyOf(testing::HasSubstr("overflow"), testing::HasSubstr("memory")));
}

TEST_F(ScriptTest, AnErrorNamesItsLine) {
  EXPECT_THAT(Fails("\n\nreturn nothing.at_all"), testing::HasSubstr("paynow.lua:3:"));
  EXPECT_THAT(Fails("return {[1.5] = 2}"), testing::HasSubstr("member's name"));
  EXPECT_THAT(Fails("create('NoSuchDto', {})"), testing::HasSubstr("NoSuchDto"));
  EXPECT_THAT(Fails("update({}, {})"), testing::HasSubstr("a record is expected"));
  EXPECT_THAT(Fails("local t = {} t.t = t return t"), testing::HasSubstr("too deeply"));
  EXPECT_FALSE(World::Create(*contract_, {{"paynow", "return {"}}, 100).ok());
  EXPECT_FALSE(World::Create(*contract_, {{"paynow", "return 5"}}, 100).ok());
  EXPECT_FALSE(World::Create(*contract_, {{"paynow", "\x1bLua"}}, 100).ok());
}

TEST_F(ScriptTest, TheOldestRecordsMakeRoomButNotTheSeed) {
  State small(3);
  small.Insert("A", {{"id", "1"}});
  small.Seal();
  for (int id = 2; id < 10; ++id) small.Insert("A", {{"id", std::to_string(id)}});
  EXPECT_EQ(small.FindAll("A", Json::object()).size(), 3u);
  EXPECT_TRUE(small.Find("A", {{"id", "1"}}).has_value());
  EXPECT_TRUE(small.Find("A", {{"id", "9"}}).has_value());
}

constexpr char kKioskContract[] = R"({"provider": "kiosk", "operations": [
  {"id": "List", "tag": "", "rpc": "List", "verb": "GET", "path": "/drinks", "path_params": [],
   "status": 200, "reply": {"array": {"ref": "Drink"}}},
  {"id": "Create", "tag": "", "rpc": "Create", "verb": "POST", "path": "/drinks", "path_params": [],
   "body": {"ref": "Drink"}, "status": 201, "reply": {"ref": "Drink"}},
  {"id": "Show", "tag": "", "rpc": "Show", "verb": "GET", "path": "/drinks/{drinkId}",
   "path_params": [{"name": "drinkId", "type": "string"}], "status": 200, "reply": {"ref": "Drink"}},
  {"id": "Change", "tag": "", "rpc": "Change", "verb": "PATCH", "path": "/drinks/{drinkId}",
   "path_params": [{"name": "drinkId", "type": "string"}], "body": {"ref": "Drink"},
   "status": 200, "reply": {"ref": "Drink"}},
  {"id": "Drop", "tag": "", "rpc": "Drop", "verb": "DELETE", "path": "/drinks/{drinkId}",
   "path_params": [{"name": "drinkId", "type": "string"}], "status": 204},
  {"id": "Shake", "tag": "", "rpc": "Shake", "verb": "POST", "path": "/shake", "path_params": [],
   "status": 200, "reply": {"type": "any"}}],
 "schemas": {"Drink": {"type": "object", "fields": {
   "id": {"type": "string"}, "name": {"type": "string", "required": true}}}}})";

// A contract for which nobody has written rules works at once.
TEST(DefaultBehaviour, CreatesListsShowsUpdatesAndDeletes) {
  const auto contract = Contract::Parse(kKioskContract).value();
  const auto handler =
      Handler::Create(*contract, {{"kiosk", "return {authorization = {'Bearer'}, api_key = 'k'}"}},
                      R"({"Drink": [{"id": "1", "name": "Tea"}]})", {})
          .value();
  const auto call = [&](const char* method, const char* target, const char* body = "") {
    return handler->Answer({method,
                            target,
                            {{"Authorization", "Bearer k"}, {"Content-Type", "application/json"}},
                            body});
  };
  const Reply created = call("POST", "/drinks", R"({"name": "Kopi"})");
  EXPECT_EQ(created.status, 201);
  const std::string id = ParseJson(created.body)->at("id");
  const std::string path = "/drinks/" + id;
  EXPECT_EQ(call("GET", path.c_str()).body, created.body);
  EXPECT_EQ(ParseJson(call("GET", "/drinks").body)->size(), 2u);
  EXPECT_EQ(call("PATCH", path.c_str(), R"({"name": "Teh"})").status, 200);
  EXPECT_EQ(ParseJson(call("GET", path.c_str()).body)->at("name"), "Teh");
  EXPECT_EQ(call("DELETE", path.c_str()).status, 204);
  EXPECT_EQ(call("GET", path.c_str()).status, 404);
  EXPECT_EQ(call("POST", "/shake").status, 200);
}

}  // namespace
}  // namespace gateway::sandbox
