#include "upstream/mapping/reply/error_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/shop.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using testing::HasSubstr;
using testing::Not;

Failure Refused(absl::string_view body, int status = 400, absl::string_view headers = "",
                absl::string_view method = "RefundGlass") {
  Failure failure = ReadErrorReply(shop::RouteOf(method), shop::ResponseOf(status, body, headers));
  // For any reply, the texts that go into a status are valid UTF-8 and short.
  nlohmann::json all = {failure.message, failure.upstream_code, failure.trace_id};
  EXPECT_LE(failure.message.size(), 600u);
  EXPECT_LE(failure.violations.size(), Violations::kLimit);
  for (const Violation& violation : failure.violations) {
    all.push_back({violation.field, violation.description});
    EXPECT_LE(violation.field.size() + violation.description.size(), 1000u);
  }
  EXPECT_NO_THROW(all.dump()) << "not UTF-8";
  return failure;
}

std::string ViolationsOf(absl::string_view body) {
  std::string text;
  for (const Violation& violation : Refused(body).violations) {
    absl::StrAppend(&text, text.empty() ? "" : "; ", violation.field, ": ", violation.description);
  }
  return text;
}

TEST(ErrorBody, IsReadWhole) {
  const Failure failure = Refused(
      R"({"status":400,"code":"InvalidInput","message":"no such\nflavor","trace_id":"t-1",
          "errors":[{"path":"body.flavor","message":"unknown","code":"x"},
                    {"path":["lines",0,"quantity"],"message":"too few"}]})");
  EXPECT_EQ(failure.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(failure.outcome, Outcome::kRefused);
  EXPECT_TRUE(failure.from_upstream);
  EXPECT_EQ(failure.http_status, 400);
  EXPECT_EQ(failure.upstream_code, "InvalidInput");
  EXPECT_EQ(failure.trace_id, "t-1");
  EXPECT_EQ(failure.message, "the upstream answered 400: no such flavor");
  ASSERT_EQ(failure.violations.size(), 2u);
  EXPECT_EQ(failure.violations[0].field, "body.flavor");
  EXPECT_EQ(failure.violations[0].description, "unknown");
  EXPECT_EQ(failure.violations[1].field, "lines.0.quantity");
  EXPECT_EQ(failure.violations[1].description, "too few");
}

TEST(ErrorBody, OfOtherTypesGivesWhatItHas) {
  const Failure failure = Refused(R"({"code":42,"message":["a"],"trace_id":null,"errors":{}})");
  EXPECT_EQ(failure.upstream_code, "42");
  EXPECT_EQ(failure.message, "the upstream answered 400: a");
  EXPECT_EQ(failure.trace_id, "");
  EXPECT_EQ(Refused(R"({"code":true})").upstream_code, "true");
  EXPECT_EQ(Refused("{}").message, "the upstream answered 400");
  EXPECT_EQ(ViolationsOf(R"({"errors":null})"), "");
  EXPECT_EQ(ViolationsOf(R"({"errors":"x"})"), "");
  EXPECT_EQ(ViolationsOf(R"({"errors":[]})"), "");
  EXPECT_EQ(ViolationsOf(R"({"errors":[null,5,"x",[],{},{"path":null,"message":{}}]})"), ": x");
  EXPECT_EQ(ViolationsOf(R"({"errors":[{"path":"a"},{"message":"b"}]})"),
            "a: the upstream gives no reason; : b");
  EXPECT_EQ(ViolationsOf(R"({"errors":[{"path":["a",1,-2,true,null,1.5],"message":5}]})"),
            "a.1.-2.true.1.5: 5");
}

// A part of a path is a name or an index. Printing anything else could recurse as deep as the body
// is long.
TEST(ErrorBody, WithAPathOfNestedArraysDoesNotOverflow) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(
      ViolationsOf(absl::StrCat(R"({"errors":[{"path":["a",)", deep, R"(],"message":"m"}]})")),
      "a: m");
  EXPECT_EQ(ViolationsOf(absl::StrCat(R"({"errors":[{"path":)", deep, R"(,"message":"m"}]})")),
            ": m");
  EXPECT_EQ(Refused(absl::StrCat(R"({"message":)", deep, R"(,"code":"c"})")).upstream_code, "c");
}

TEST(ErrorBody, WithTooManyViolationsGivesTheFirst) {
  std::string body = R"({"errors":[)";
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&body, i == 0 ? "" : ",", R"({"path":"p)", i, R"(","message":"m"})");
  }
  body += "]}";
  const Failure failure = Refused(body);
  ASSERT_EQ(failure.violations.size(), Violations::kLimit);
  EXPECT_EQ(failure.violations[99].field, "p99");
  EXPECT_EQ(failure.violations_left_out, 900u);
}

TEST(ErrorBody, IsCutWhereItIsLong) {
  const std::string lemons = [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "\xf0\x9f\x8d\x8b";
    return text;
  }();
  const nlohmann::json body = {
      {"code", "c" + lemons},
      {"message", "m" + lemons},
      {"trace_id", "tt" + lemons},
      {"errors", {{{"path", {"p", lemons, lemons}}, {"message", "mmm" + lemons}}}}};
  const Failure failure = Refused(body.dump());
  EXPECT_THAT(failure.upstream_code, testing::StartsWith("c\xf0"));
  EXPECT_GE(failure.upstream_code.size(), 490u);
  EXPECT_LE(failure.upstream_code.size(), 500u);
  EXPECT_LE(failure.violations[0].field.size(), 500u);
}

TEST(ErrorBody, OfAnotherKindGivesAShortSample) {
  EXPECT_EQ(Refused("", 502).message, "the upstream answered 502");
  EXPECT_EQ(Refused("upstream connect error\r\n  reset\t\x01", 503).message,
            "the upstream answered 503: upstream connect error reset");
  EXPECT_EQ(
      Refused("<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<h1>nginx</h1>", 502)
          .message,
      "the upstream answered 502: 502 Bad Gateway nginx");
  EXPECT_EQ(Refused(R"(["not","an object"])").message,
            R"(the upstream answered 400: ["not","an object"])");
  EXPECT_EQ(Refused("\"text\"").message, "the upstream answered 400: \"text\"");
  EXPECT_EQ(Refused("null").message, "the upstream answered 400: null");
  EXPECT_EQ(Refused(R"({"code":"cut)").message, R"(the upstream answered 400: {"code":"cut)");
  EXPECT_EQ(Refused("<<<<<").message, "the upstream answered 400: <<<<<");
  EXPECT_EQ(Refused("a < b > c").message, "the upstream answered 400: a < b > c");
  EXPECT_EQ(Refused("a <b>c</b>", 400, "Content-Type: text/html; charset=utf-8\r\n").message,
            "the upstream answered 400: a c");
  EXPECT_EQ(Refused("caf\xe9").message, "the upstream answered 400: caf\xef\xbf\xbd");
  EXPECT_EQ(Refused("{\"message\":\"caf\xe9\"}").message,
            "the upstream answered 400: caf\xef\xbf\xbd");
  EXPECT_EQ(Refused(std::string(100, '\0')).message, "the upstream answered 400");
  EXPECT_EQ(Refused(std::string("a\x7f\x1b[31mb")).message, "the upstream answered 400: a [31mb");
}

TEST(ErrorBody, WithOneBadValueKeepsTheOthers) {
  struct {
    const char* name;
    const char* code;
    const char* message;
  } const cases[] = {
      {"half a surrogate pair", R"("insufficient_funds")", R"("Ada \ud83d")"},
      {"a byte that is not UTF-8", R"("insufficient_funds")", "\"Ada \xf0\x9f\""},
      {"a control character", R"("insufficient_funds")", "\"Ada \x01\""},
      {"an escape that there is not", R"("insufficient_funds")", R"("Ada \x")"},
      {"a huge number", R"("insufficient_funds","n":1e400)", R"("Ada")"},
      {"a byte order mark", R"("insufficient_funds")", R"("Ada")"},
  };
  for (const auto& c : cases) {
    const bool mark = absl::string_view(c.name) == "a byte order mark";
    const Failure failure = Refused(
        absl::StrCat(mark ? "\xef\xbb\xbf" : "", "{\"code\":", c.code, ",\"message\":", c.message,
                     R"(,"trace_id":"t1","errors":[{"path":"amount","message":"too big"}]})"));
    EXPECT_EQ(failure.upstream_code, "insufficient_funds") << c.name;
    EXPECT_EQ(failure.trace_id, "t1") << c.name;
    EXPECT_THAT(failure.message, HasSubstr("400: Ada")) << c.name;
    ASSERT_EQ(failure.violations.size(), 1u) << c.name;
    EXPECT_EQ(failure.violations[0].field, "amount") << c.name;
  }
}

TEST(ErrorBody, InAFormThatIsNotTheProvidersIsReadOrQuoted) {
  struct {
    const char* body;
    const char* code;
    const char* message;  // after "the upstream answered 400"
  } const cases[] = {
      {R"({"error":"invalid_token"})", "invalid_token", R"(: {"error":"invalid_token"})"},
      {R"({"error":"invalid_token","error_description":"it has expired"})", "invalid_token",
       ": it has expired"},
      {R"({"error":"no such order"})", "", ": no such order"},
      {R"({"error":{"code":"E1","message":"no"}})", "E1", ": no"},
      {R"({"Message":"Forbidden"})", "", ": Forbidden"},
      {R"({"message":["a","b"]})", "", ": a; b"},
      {R"({"detail":"Not authenticated"})", "", ": Not authenticated"},
      {R"({"title":"Bad","status":400})", "", ": Bad"},
      {R"({"reasons":{"a":1}})", "", R"(: {"reasons":{"a":1}})"},
      {R"({"message":"unit_amount must be < 100000 and quantity >= 1"})", "",
       ": unit_amount must be < 100000 and quantity >= 1"},
      {"unit_amount must be < 100000 and quantity >= 1", "",
       ": unit_amount must be < 100000 and quantity >= 1"},
      {"{}", "", ""},
  };
  for (const auto& c : cases) {
    const Failure failure = Refused(c.body);
    EXPECT_EQ(failure.upstream_code, c.code) << c.body;
    EXPECT_EQ(failure.message, absl::StrCat("the upstream answered 400", c.message)) << c.body;
  }
  EXPECT_EQ(ViolationsOf(R"({"title":"t","errors":{"Name":["required","short"],"Age":["low"]}})"),
            "Age: low; Name: required; short");
  EXPECT_EQ(ViolationsOf(R"({"errors":[{"field":"a","detail":"b"}]})"), "a: b");
  EXPECT_EQ(ViolationsOf(R"({"detail":[{"loc":["body","price"],"msg":"b","type":"missing"}]})"),
            "body.price: b");
  EXPECT_EQ(ViolationsOf(R"([{"propertyPath":"a.c","message":"b"}])"), "a.c: b");
  EXPECT_EQ(ViolationsOf(R"({"error":{"code":400,"message":"m","errors":)"
                         R"([{"reason":"b","locationType":"parameter","location":"a"}]}})"),
            "a: b");
}

TEST(ErrorBody, ThatIsHugeCostsASampleOnly) {
  EXPECT_LE(Refused(std::string(10 << 20, 'x')).message.size(), 250u);
  // Longer than any real error message: it is not parsed.
  const std::string json =
      absl::StrCat(R"({"code":"c","pad":")", std::string(300 << 10, 'x'), "\"}");
  EXPECT_EQ(Refused(json).upstream_code, "");
  EXPECT_THAT(Refused(json).message, HasSubstr(R"({"code":"c")"));
  EXPECT_EQ(Refused(std::string(200 << 10, '[')).upstream_code, "");
}

// The sample is first cut out of the body; the sample must survive wherever the cut falls.
TEST(ErrorBody, OfLongUtf8KeepsItsSample) {
  for (int shift = 0; shift < 4; ++shift) {
    std::string page = "<style>" + std::string(shift, ' ') + "</style>";
    for (int i = 0; i < 3000; ++i) page += "<i>\xf0\x9f\x8d\x8b</i>";
    EXPECT_THAT(Refused(page, 502).message, HasSubstr("\xf0\x9f\x8d\x8b"));
    std::string tail = "<p>Bad Gateway</p><i " + std::string(4071 + shift, 'x');
    tail += "\xf0\x9f\x8d\x8b\xf0\x9f\x8d\x8b>";
    EXPECT_EQ(Refused(tail, 502).message, "the upstream answered 502: Bad Gateway");
    std::string spaces = "Bad Gateway" + std::string(4083 + shift, ' ') + "\xf0\x9f\x8d\x8b";
    EXPECT_THAT(Refused(spaces, 502).message, HasSubstr("Bad Gateway"));
  }
}

TEST(ErrorReply, TakesCodeAndOutcomeFromTheTable) {
  EXPECT_EQ(Refused("{}", 503, "", "RefundGlass").code, absl::StatusCode::kUnknown);
  EXPECT_EQ(Refused("{}", 503, "", "GetGlass").code, absl::StatusCode::kUnavailable);
  EXPECT_EQ(Refused(R"({"status":200,"code":"ok"})", 500).outcome, Outcome::kUnknown);
  EXPECT_EQ(Refused("{}", 404).code, absl::StatusCode::kNotFound);
  EXPECT_EQ(Refused("{}", 409).code, absl::StatusCode::kAborted);
  EXPECT_EQ(Refused("{}", 412).code, absl::StatusCode::kFailedPrecondition);
}

TEST(ErrorReply, OfARedirectShowsNothingOfItsTarget) {
  const Failure failure = Refused("", 302, "Location: https://evil.test/?key=k\r\n");
  EXPECT_EQ(failure.code, absl::StatusCode::kInternal);
  EXPECT_EQ(failure.outcome, Outcome::kUnknown);
  EXPECT_THAT(failure.message, Not(HasSubstr("evil")));
}

TEST(ErrorReply, PassesRetryAfterOn) {
  EXPECT_EQ(Refused("{}", 429, "X: y\r\nretry-AFTER:  7 \r\n").retry_after, absl::Seconds(7));
  EXPECT_EQ(Refused("{}", 429, "Retry-After: soon\r\n").retry_after, std::nullopt);
  EXPECT_EQ(Refused("{}", 429).retry_after, std::nullopt);
}

TEST(ErrorReply, InvitesNobodyToRepeatAWriteThatMayHaveHappened) {
  const char* const later = "Retry-After: 7\r\n";
  EXPECT_EQ(Refused("{}", 503, later).retry_after, std::nullopt);
  EXPECT_EQ(Refused("{}", 503, later, "GetGlass").retry_after, absl::Seconds(7));
}

TEST(RetryAfter, IsSecondsOrADateAndClamped) {
  const absl::Time now = absl::FromUnixSeconds(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  struct {
    const char* header;
    std::optional<absl::Duration> wait;
  } const cases[] = {
      {"0", absl::ZeroDuration()},
      {"1", absl::Seconds(1)},
      {" 120 ", absl::Seconds(120)},
      {"0.5", absl::Milliseconds(500)},
      {"300", absl::Minutes(5)},
      {"301", absl::Minutes(5)},
      {"3600", absl::Minutes(5)},
      {"99999999999999999999999999", absl::Minutes(5)},
      {"1e400", absl::Minutes(5)},
      {"Sunday, 06-Nov-94 08:49:47 GMT", absl::Seconds(10)},
      {"Sun Nov  6 08:49:47 1994", absl::Seconds(10)},
      {"Sun Nov 06 08:49:47 1994", absl::Seconds(10)},
      {"Sunday, 06-Nov-94 08:00:00 GMT", absl::ZeroDuration()},
      {"Sun, 06 Nov 1994 08:49:47 GMT", absl::Seconds(10)},
      {"Sun, 06 Nov 1994 08:49:37 GMT", absl::ZeroDuration()},
      {"Sun, 06 Nov 1994 08:00:00 GMT", absl::ZeroDuration()},
      {"Mon, 07 Nov 1994 08:49:37 GMT", absl::Minutes(5)},
      {"Fri, 31 Dec 9999 23:59:59 GMT", absl::Minutes(5)},
      // Junk.
      {"", std::nullopt},
      {" ", std::nullopt},
      {"soon", std::nullopt},
      {"5s", std::nullopt},
      {"-1", std::nullopt},
      {"-5", std::nullopt},
      {"-99999999999999999999999999", std::nullopt},
      {"5 6", std::nullopt},
      {"nan", std::nullopt},
      {"-nan", std::nullopt},
      {"nan(5)", std::nullopt},
      {"inf", std::nullopt},
      {"-inf", std::nullopt},
      {"infinity", std::nullopt},
      {"infinite-future", std::nullopt},
      {"infinite-past", std::nullopt},
      {"0x10", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
      {"Sun, 31 Feb 1994 08:49:37 GMT", std::nullopt},
      {"1994-11-06T08:49:37Z", std::nullopt},
  };
  for (const auto& c : cases) EXPECT_EQ(ParseRetryAfter(c.header, now), c.wait) << c.header;
}

}  // namespace
}  // namespace gateway::mapping
