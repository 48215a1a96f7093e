// A success that is none: what a 2xx may hold and still not count as the reply.
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
           // Single missing members stay lenient.
           Row{"RefundGlass", R"({"id":"1"})", true},
           {"RefundGlass", R"({"price":5,"new":true})", true},
           {"RefundGlass", R"({"name":null})", true},
           {"RefundGlass", R"({"id":"1","message":"thanks"})", false},
           {"RefundGlass",
            R"({"id":"1","name":null,"price":1,"tags":[],"labels":{},)"
            R"("code":"C","message":"all of it is there"})",
            true},
           // Nothing of it is in these.
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
           // A list of one.
           {"GetGlassOrGlasses", R"({"id":"1"})", true},
           {"GetGlassOrGlasses", kError, false},
           {"GetGlassOrGlasses", "[]", true},
           {"GetGlassOrGlasses", R"([{"id":"1"}])", true},
           {"GetGlassOrGlasses", R"([{"code":"no","message":"insufficient balance"}])", false},
           {"GetGlassOrGlasses", R"( [ {"success":false,"a":"}{]"} , {"id":"1"}])", false},
           {"GetGlassOrGlasses", R"([{"id":"1","success":false}])", true},
           {"GetGlassOrGlasses", R"([{"new":1}])", true},
           {"GetGlassOrGlasses", "[{}]", true},
           // A map, whose keys are open.
           {"GetStock", R"({"a":1})", true},
           {"GetStock", R"({"code":17,"status":400})", false},
           // Nothing is documented.
           {"DeleteGlass", "", true},
           {"DeleteGlass", "{}", true},
           {"DeleteGlass", R"({"id":"1"})", true},
           {"DeleteGlass", R"({"status":"ok","message":"deleted"})", true},
           {"DeleteGlass", R"({"code":200,"message":"deleted"})", true},
           {"DeleteGlass", "gone", true, "text/plain"},
           {"DeleteGlass", kError, false},
           {"DeleteGlass", R"({"error":{"code":"locked","message":"no"}})", false},
           {"DeleteGlass", R"({"Error":"locked"})", false},
           // What says of itself that it is none.
           {"DeleteGlass", R"({"success":false})", false},
           {"DeleteGlass", R"({"ok":"false","id":"1"})", false},
           {"DeleteGlass", R"({"result":"error","id":"1"})", false},
           {"DeleteGlass", R"({"Status":"Failed","glass":{"id":"1"}})", false},
           {"DeleteGlass", R"({"status":409})", false},
           {"DeleteGlass", R"({"statusCode":"503"})", false},
           {"DeleteGlass", R"({"error":true})", false},
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
       }) {
    EXPECT_EQ(Counts(shop::RouteOf(row.method), row.body, row.type), row.counts)
        << row.method << " " << row.body;
  }
}

// What is documented in part keeps its other members, but one has to be known.
TEST(ReplyFloor, OfAnAnswerDocumentedInPart) {
  const Route& route = guests::RouteOf(guests::Routes(), "CafeService.PlaceOrder");
  EXPECT_TRUE(Counts(route, R"({"id":"1","new":2})", "application/json"));
  EXPECT_TRUE(Counts(route, "{}", "application/json"));
  EXPECT_FALSE(Counts(route, R"({"new":2})", "application/json"));
  EXPECT_FALSE(
      Counts(route, R"({"error":{"type":"declined","message":"no"}})", "application/json"));
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
  const auto read = Answer(shop::RouteOf("GetGlass"), kError);
  EXPECT_EQ(std::get<Failure>(read).code, absl::StatusCode::kInternal);
  const auto page = Answer(shop::RouteOf("DeleteGlass"), "<html>Please log in</html>", "text/html");
  EXPECT_EQ(std::get<Failure>(page).message,
            "the upstream's reply cannot be read: it is a page for people: Please log in");
}

// Members of a reply may be sensitive: of a reply that cannot be read none is quoted.
TEST(ReplyFloor, QuotesNoReply) {
  for (const char* const body : {R"({"id":"1","deposit":"4111","message":"4111"})",
                                 R"({"deposit":4111)", R"("4111")", R"({"new":"4111"})"}) {
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
