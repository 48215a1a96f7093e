// Which bodies of a 2xx response count as the RPC's reply, and which do not.
#include "upstream/mapping/reply/reply_floor.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/guests.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/reply/reply_reader.h"

namespace gateway::mapping {
namespace {

constexpr char kError[] = R"({"code":"refund-failed","message":"insufficient balance"})";

std::variant<Reply, Failure> Answer(const Route& route, absl::string_view body,
                                    absl::string_view type = "application/json") {
  return ReadReply(route,
                   shop::ResponseOf(200, body, absl::StrCat("Content-Type: ", type, "\r\n")));
}

bool Counts(const Route& route, absl::string_view body, absl::string_view type) {
  return std::holds_alternative<Reply>(Answer(route, body, type));
}

struct Row {
  const char* method;
  const char* body;
  bool counts;
  const char* type = "application/json";
};

TEST(ReplyFloor, IsSomethingDocumented) {
  for (const Row& row : {
           // Single members may be missing.
           Row{"RefundGlass", R"({"id":"1"})", true},
           {"RefundGlass", R"({"price":5,"new":true})", true},
           {"RefundGlass", R"({"name":null})", true},
           // A null member does not count where null is not documented.
           {"RefundGlass", R"({"id":null,"price":null})", false},
           {"RefundGlass", R"({"id":"1","success":false})", false},
           {"RefundGlass", R"({"id":"1","error":{"code":"locked"}})", false},
           {"RefundGlass", R"({"id":"1","error":null,"success":true})", true},
           {"RefundGlass", R"({"id":"1","message":"thanks"})", false},
           {"RefundGlass",
            R"({"id":"1","name":null,"price":1,"tags":[],"labels":{},)"
            R"("code":"C","message":"all of it is there"})",
            false},
           // These have no member of the reply.
           {"RefundGlass", "{}", false},
           {"RefundGlass", " { } ", false},
           {"RefundGlass", R"({"new":1})", false},
           {"RefundGlass", kError, false},
           {"RefundGlass", R"({"Message":"Forbidden"})", false},
           {"RefundGlass", R"({"error":"invalid_token"})", false},
           {"RefundGlass", "<html>Please log in</html>", false, "text/html"},
           {"RefundGlass", "OK", false, "text/plain"},
           // No member of Everything is required.
           {"GetMix", "{}", true},
           {"GetMix", R"({"small":1,"new":2})", true},
           {"GetMix", R"({"new":2})", false},
           {"GetMix", kError, false},
           {"GetMix", R"({"small":1,"error":{"code":"locked","message":"no"}})", false},
           {"GetMix", R"({"small":1,"success":false})", false},
           {"GetMix", R"({"small":1,"message":"thanks"})", true},
           // One element, or a list of elements.
           {"GetGlassOrGlasses", R"({"id":"1"})", true},
           {"GetGlassOrGlasses", kError, false},
           {"GetGlassOrGlasses", "[]", true},
           {"GetGlassOrGlasses", R"([{"id":"1"}])", true},
           {"GetGlassOrGlasses", R"([{"code":"no","message":"insufficient balance"}])", false},
           {"GetGlassOrGlasses", R"( [ {"success":false,"a":"}{]"} , {"id":"1"}])", false},
           {"GetGlassOrGlasses", R"([{"id":"1","success":false}])", true},
           {"GetGlassOrGlasses", R"([{"id":"1"},{"code":"no","message":"locked"}])", false},
           {"GetGlassOrGlasses", R"([{"id":"1"}, null, {"new":1} , { "error" : "no" }])", false},
           {"GetGlassOrGlasses", R"([{"id":"1"},{"new":1},{},{"message":""}])", true},
           {"GetGlassOrGlasses", R"([{"new":1}])", true},
           {"GetGlassOrGlasses", "[{}]", true},
           // A map, whose keys are open.
           {"GetStock", R"({"a":1})", true},
           {"GetStock", R"({"code":17,"status":400})", false},
           // No reply is documented.
           {"DeleteGlass", "", true},
           {"DeleteGlass", "{}", true},
           {"DeleteGlass", R"({"id":"1"})", true},
           {"DeleteGlass", R"({"status":"ok","message":"deleted"})", true},
           {"DeleteGlass", R"({"code":200,"message":"deleted"})", true},
           {"DeleteGlass", "gone", true, "text/plain"},
           {"DeleteGlass", kError, false},
           {"DeleteGlass", R"({"error":{"code":"locked","message":"no"}})", false},
           {"DeleteGlass", R"({"Error":"locked"})", false},
           // Bodies that say that they are a failure.
           {"DeleteGlass", R"({"success":false})", false},
           {"DeleteGlass", R"({"ok":"false","id":"1"})", false},
           {"DeleteGlass", R"({"result":"error","id":"1"})", false},
           {"DeleteGlass", R"({"Status":"Failed","glass":{"id":"1"}})", false},
           {"DeleteGlass", R"({"status":409})", false},
           {"DeleteGlass", R"({"statusCode":"503"})", false},
           {"DeleteGlass", R"({"error":true})", false},
           {"DeleteGlass", R"({"code":"no","message":"locked","hint":"call us"})", false},
           {"DeleteGlass", R"({"errorCode":"no","errorMessage":"x","correlationId":"1"})", false},
           {"DeleteGlass", R"({"id":"1","error":{"code":"locked"}})", false},
           {"DeleteGlass", R"({"id":"1","is_success":false})", false},
           {"DeleteGlass", R"({"id":"1","hasErrors":"true"})", false},
           {"DeleteGlass", R"({"id":"1","success":0})", false},
           {"DeleteGlass", R"({"result":{"success":false}})", false},
           {"DeleteGlass", R"({"status":{"code":503}})", false},
           {"DeleteGlass", R"({"data":{"errors":[{"message":"no"}]}})", false},
           {"DeleteGlass", R"({"data":{"success":false}})", false},
           {"DeleteGlass", R"({"data":{"status":"failed","id":"1"}})", true},
           {"DeleteGlass", R"({"id":"1","errors":"none"})", true},
           {"DeleteGlass", R"({"id":"1","error":"0"})", true},
           {"DeleteGlass", R"({"data":null,"errors":[{"message":"no"}]})", false},
           {"DeleteGlass", R"([{"success":false}])", false},
           {"DeleteGlass", "false", false},
           {"DeleteGlass", R"("Error: locked")", false},
           {"DeleteGlass", "ERROR locked", false, "text/plain"},
           {"DeleteGlass", "true", true},
           {"DeleteGlass", "null", true},
           {"DeleteGlass", "[]", true},
           {"DeleteGlass", R"({"success":true,"errors":null})", true},
           {"GetStock", R"({"status":400})", true},
           {"DeleteGlass", R"({"status":204})", true},
           {"DeleteGlass", "errors were not found", true, "text/plain"},
           {"DeleteGlass", "<html>Please log in</html>", false, "text/html"},
           {"DeleteGlass", "<!DOCTYPE html><p>Please log in", false},
           {"DeleteGlass", "Please log in", false, "text/html; charset=utf-8"},
           {"GetReport", R"({"type":"sales","title":"t","sum":5})", true},
           {"GetReport", kError, false},
           {"GetReport", "<html>Please log in</html>", false, "text/html"},
           // JSON of any form is judged like a reply that is not documented.
           {"GetReport", R"({"success":false,"id":"1"})", false},
           {"GetReport", R"({"id":"1","error":"locked"})", false},
           {"GetReport", R"({"id":"1","error":null,"errors":[]})", true},
           {"GetReport", R"({"id":"1","error":{"code":0,"message":""}})", true},
           {"GetReport", R"({"status":"error","id":"1"})", false},
           {"GetReport", R"({"code":"no","message":"locked","hint":"call us"})", false},
           {"GetReport", R"({"errorCode":"no","errorMessage":"x","correlationId":"1"})", false},
           {"GetReport", R"({"id":"1"})", false, "application/problem+json"},
           {"GetReport", R"([{"id":"1","error":"locked"}])", false},
           {"GetReport", R"({"error":"\ud83d"})", false},
           {"GetReport", R"("Error: locked")", false},
           {"GetReport", R"("<html>Please log in</html>")", false},
           {"GetReport", "false", false},
           {"GetReport", "0", true},
           {"GetReport", "null", true},
           {"GetReport", R"({"id":"1"})", true, "text/html"},
           {"GetReports", R"([{"success":false}])", false},
           {"GetReports", R"([{"type":"sales"}])", true},
           {"GetReports", R"([{"type":"sales"},{"success":false}])", false},
           {"GetReport", R"([{"type":"sales"},{"id":"1","error":"locked"}])", false},
       }) {
    EXPECT_EQ(Counts(shop::RouteOf(row.method), row.body, row.type), row.counts)
        << row.method << " " << row.body;
  }
}

// No contract says what a reply means that is complete and also contains an error.
TEST(ReplyFloor, CompleteReplyMayNotBeAnErrorAsWell) {
  struct Beside {
    const char* members;
    bool counts;
  };
  for (const Beside& beside : {
           Beside{R"("error":{"code":"locked","message":"no"})", false},
           {R"("error":{"type":"declined"})", false},
           {R"("error":"locked")", false},
           {R"("Error":true)", false},
           {R"("errors":[{"message":"no"}])", false},
           {R"("code":"locked","message":"no")", false},
           {R"("code":"locked","message":"no")", false},
           {R"("errorCode":"locked","errorMessage":"no")", false},
           {R"("success":false)", false},
           {R"("ok":"false")", false},
           // The member says that there is no error.
           {R"("error":null)", true},
           {R"("error":"")", true},
           {R"("error":"None")", true},
           {R"("error":false)", true},
           {R"("error":{})", true},
           {R"("error":{"code":null,"message":null})", true},
           {R"("error":{"code":0,"message":""})", true},
           {R"("errors":[])", true},
           {R"("success":true,"code":200,"message":"refunded")", true},
           {R"("code":"ok","message":"refunded")", true},
           // The upstream may have added such a member to the resource.
           {R"("code":"SUMMER")", true},
           {R"("message":"thanks")", true},
           {R"("status":"failed")", true},
           {R"("status":404)", true},
           {R"("succeeded":false)", true},
           {R"("failed":true)", true},
           {R"("payment":{"error":{"code":"declined"}})", true},
       }) {
    const std::string glass = absl::StrCat(
        R"({"id":"1","name":null,"price":1,"tags":[],"labels":{},)", beside.members, "}");
    EXPECT_EQ(Counts(shop::RouteOf("RefundGlass"), glass, "application/json"), beside.counts)
        << beside.members;
  }
}

TEST(ReplyFloor, KeepsCodeAndTextOfAnErrorBesideTheReply) {
  const auto answer = Answer(shop::RouteOf("RefundGlass"),
                             R"({"id":"1","name":"n","price":1,"tags":[],"labels":{},)"
                             R"("error":{"code":"locked","message":"not now"}})");
  EXPECT_EQ(std::get<Failure>(answer).upstream_code, "locked");
  EXPECT_EQ(std::get<Failure>(answer).outcome, Outcome::kUnknown);
  EXPECT_TRUE(absl::StrContains(std::get<Failure>(answer).message, "not now"));
  const auto list = Answer(shop::RouteOf("GetGlassOrGlasses"),
                           R"([{"id":"1","message":"secret"},{"code":"no","message":"locked"}])");
  EXPECT_EQ(std::get<Failure>(list).upstream_code, "no");
  EXPECT_TRUE(absl::StrContains(std::get<Failure>(list).message, "locked"));
}

// Elements are judged without a parser if their members have no names of an error. Elements that
// may be errors are parsed until as many bytes are parsed as an error body may have.
TEST(ReplyFloor, JudgesEveryElementOfALongList) {
  std::string list = "[";
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&list, R"({"new":1},)");
  EXPECT_TRUE(
      Counts(shop::RouteOf("GetGlassOrGlasses"), list + R"({"id":"1"}])", "application/json"));
  EXPECT_FALSE(Counts(shop::RouteOf("GetGlassOrGlasses"), list + R"({"error":"locked"}])",
                      "application/json"));
  EXPECT_FALSE(Counts(shop::RouteOf("GetGlassOrGlasses"),
                      R"([{"x":[1,"{",{"y":"]"}],"err\u006fr":"locked"}])", "application/json"));
  std::string states = "[";
  for (int i = 0; i < 300; ++i) {
    absl::StrAppend(&states, R"({"status":1,"text":")", std::string(1000, 'x'), R"("},)");
  }
  EXPECT_TRUE(Counts(shop::RouteOf("GetGlassOrGlasses"), states + R"({"error":"no"}])",
                     "application/json"));
}

// A reply that is documented in part may be empty or have more members, but one must be known if
// there are any.
TEST(ReplyFloor, OfAnAnswerDocumentedInPart) {
  const Route& route = guests::RouteOf(guests::Routes(), "CafeService.PlaceOrder");
  EXPECT_TRUE(Counts(route, R"({"id":"1","new":2})", "application/json"));
  EXPECT_TRUE(Counts(route, "{}", "application/json"));
  EXPECT_FALSE(Counts(route, R"({"new":2})", "application/json"));
  EXPECT_FALSE(Counts(route, R"({"id":"1","error":{"type":"declined","message":"no"}})",
                      "application/json"));
  EXPECT_FALSE(
      Counts(route, R"({"error":{"type":"declined","message":"no"}})", "application/json"));
  // No member is required, and most of them are there.
  const std::string most =
      R"({"id":"1","total":1,"cups":[],"note":"n","made":1,"ready":2,"code":"123456","name":"abc",)"
      R"("table":null,"extras":{},"closes":null)";
  EXPECT_TRUE(Counts(route, most + R"(,"status":"failed"})", "application/json"));
  EXPECT_TRUE(Counts(route, most + R"(,"error":null})", "application/json"));
  EXPECT_FALSE(Counts(route, most + R"(,"error":{"type":"declined"}})", "application/json"));
}

TEST(ReplyFloor, KeepsCodeTextAndTraceOfTheError) {
  const auto answer =
      Answer(shop::RouteOf("RefundGlass"),
             R"({"code":"refund-failed","message":"insufficient balance","trace_id":"t-1"})");
  const auto& failure = std::get<Failure>(answer);
  EXPECT_EQ(failure.code, absl::StatusCode::kUnknown);
  EXPECT_EQ(failure.outcome, Outcome::kUnknown);
  EXPECT_EQ(failure.reason, "UPSTREAM_REPLY_UNREADABLE");
  EXPECT_EQ(failure.http_status, 200);
  EXPECT_EQ(failure.upstream_code, "refund-failed");
  EXPECT_EQ(failure.trace_id, "t-1");
  EXPECT_EQ(failure.message,
            "the upstream's reply cannot be read: it is an error that calls itself a success: "
            "insufficient balance");
  const auto more =
      Answer(shop::RouteOf("RefundGlass"),
             R"({"code":"refund-failed","message":"insufficient balance","hint":"call us"})");
  EXPECT_EQ(std::get<Failure>(more).upstream_code, "refund-failed");
  EXPECT_TRUE(absl::StrContains(std::get<Failure>(more).message, "insufficient balance"));
  const auto read = Answer(shop::RouteOf("GetGlass"), kError);
  EXPECT_EQ(std::get<Failure>(read).code, absl::StatusCode::kInternal);
  const auto page = Answer(shop::RouteOf("DeleteGlass"), "<html>Please log in</html>", "text/html");
  EXPECT_EQ(std::get<Failure>(page).message,
            "the upstream's reply cannot be read: it is a page for people: Please log in");
}

// Members of a reply may be sensitive, so no member of a reply that cannot be read is quoted.
TEST(ReplyFloor, QuotesNoReply) {
  for (const char* const body :
       {R"({"id":"1","deposit":"4111","message":"4111"})", R"({"deposit":4111)", R"("4111")",
        R"({"new":"4111"})", ")]}',\n{\"deposit\":\"4111\"}", R"(done({"deposit":"4111"});)",
        R"(/* */ {"deposit":"4111"})"}) {
    const auto answer = Answer(shop::RouteOf("RefundGlass"), body);
    ASSERT_TRUE(std::holds_alternative<Failure>(answer)) << body;
    EXPECT_FALSE(absl::StrContains(std::get<Failure>(answer).message, "4111")) << body;
  }
}

TEST(ReplyFloor, IsTheMethodsToLower) {
  Route route = shop::RouteOf("RefundGlass");
  route.reply_may_be_empty = true;
  EXPECT_TRUE(Counts(route, "", "text/plain"));
  EXPECT_TRUE(Counts(route, "{}", "application/json"));
  EXPECT_TRUE(Counts(route, R"({"new":1})", "application/json"));
  EXPECT_FALSE(Counts(route, kError, "application/json"));
  EXPECT_FALSE(Counts(route, "<html>Please log in</html>", "text/html"));
}

}  // namespace
}  // namespace gateway::mapping
