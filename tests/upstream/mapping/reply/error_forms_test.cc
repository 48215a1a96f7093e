// Error bodies of several forms, read by one description.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/mapping/guests.h"
#include "upstream/mapping/reply/error_reply.h"

namespace gateway::mapping {
namespace {

Failure Read(absl::string_view method, absl::string_view body, absl::string_view headers = "") {
  return ReadErrorReply(guests::RouteOf(guests::Routes(), method),
                        shop::ResponseOf(422, body, headers));
}

std::string Violations(const Failure& failure) {
  std::string text;
  for (const Violation& violation : failure.violations) {
    absl::StrAppend(&text, "[", violation.field, ": ", violation.description, "]");
  }
  return text;
}

TEST(ErrorForms, OfANestedObject) {
  const Failure failure = Read(
      "PlaceOrder",
      R"({"error": {"type": "invalid_request", "message": "no such cup", "param": "cups", "trace": "t1"}})");
  EXPECT_EQ(failure.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(failure.upstream_code, "invalid_request");
  EXPECT_EQ(failure.message, "the upstream answered 422: no such cup");
  EXPECT_EQ(failure.trace_id, "t1");
  EXPECT_EQ(Violations(failure), "[body.cups: no such cup]");
}

TEST(ErrorForms, PreferTheEarlierOnes) {
  const Failure failure = Read(
      "PlaceOrder", R"({"error": {"type": "declined", "detail": "too_hot"}, "title": "Declined"})");
  EXPECT_EQ(failure.upstream_code, "too_hot");
  EXPECT_EQ(failure.message, "the upstream answered 422: Declined");
  EXPECT_EQ(Violations(failure), "");  // the error names no field
}

TEST(ErrorForms, OfProblemDetails) {
  const Failure failure = Read(
      "PlaceOrder", R"({"type": "about:blank", "title": "Unprocessable", "request_id": "r1"})");
  EXPECT_EQ(failure.message, "the upstream answered 422: Unprocessable");
  EXPECT_EQ(failure.trace_id, "r1");
}

TEST(ErrorForms, OfAListOfPlaces) {
  const Failure failure = Read("PlaceOrder", R"({"detail": [
      {"loc": ["body", "cups", 0], "msg": "field required", "type": "missing"},
      {"loc": ["query", "limit"], "msg": "not a number"}]})");
  EXPECT_EQ(Violations(failure), "[body.cups[0]: field required][query.limit: not a number]");
  EXPECT_EQ(failure.message, "the upstream answered 422");
}

TEST(ErrorForms, OfOtherTypesSayNothing) {
  for (const char* const body : {R"({"error": {"message": {"a": 1}}})", R"({"error": null})",
                                 R"({"detail": "text"})", "{}", "null"}) {
    const Failure failure = Read("PlaceOrder", body);
    EXPECT_EQ(failure.upstream_code, "") << body;
    EXPECT_EQ(Violations(failure), "") << body;
    EXPECT_EQ(failure.message.find("the upstream answered 422"), 0u) << body;
  }
}

TEST(ErrorForms, OfAnHtmlPageShowItsText) {
  EXPECT_EQ(Read("PlaceOrder", "<html><body><h1>Bad Gateway</h1></body></html>").message,
            "the upstream answered 422: Bad Gateway");
}

// The kiosk's protos do not describe its errors.
TEST(ErrorForms, ThatAreNotDocumentedShowTheBody) {
  EXPECT_EQ(Read("Sell", R"({"oops": "closed"})").message,
            R"(the upstream answered 422: {"oops": "closed"})");
  EXPECT_EQ(Read("Sell", "").message, "the upstream answered 422");
}

// The kiosk documents no form of errors. These forms are common among servers and frameworks.
TEST(ErrorForms, OfAListOfErrorsAreNamedByTheFirst) {
  for (const char* const body :
       {R"([{"code":"no_funds","message":"insufficient balance"},{"code":"b","message":"c"}])",
        R"({"errors":[{"code":"no_funds","message":"insufficient balance"},{"message":"c"}]})",
        R"({"errors":[{"type":"no_funds","detail":"insufficient balance"}],"data":null})",
        R"({"Error":{"Code":"no_funds","Message":"insufficient balance"}})"}) {
    const Failure failure = Read("Sell", body);
    EXPECT_EQ(failure.upstream_code, "no_funds") << body;
    EXPECT_EQ(failure.message, "the upstream answered 422: insufficient balance") << body;
  }
  // A message about one field does not name the whole failure.
  const Failure failure =
      Read("PlaceOrder", R"({"errors":[{"field":"cups","message":"too many"}]})");
  EXPECT_EQ(failure.message, "the upstream answered 422");
  EXPECT_EQ(Violations(failure), "[body.cups: too many]");
}

// A violation is kept, whatever its members are called.
TEST(ErrorForms, NameTheirViolationsInManyWays) {
  for (const char* const body :
       {R"({"errors":{"cups":"too many"}})", R"({"errors":{"cups":{"message":"too many"}}})",
        R"({"errors":{"cups":["too many"]}})",
        R"({"errors":[{"path":"cups","reason":"too many"}]})",
        R"({"errors":[{"source":{"pointer":"/cups"},"detail":"too many"}]})",
        R"({"errors":[{"pointer":"#/cups","title":"too many"}]})",
        R"({"violations":[{"field":"$.cups","description":"too many"}]})",
        R"({"invalid_params":[{"name":"cups","reason":"too many"}]})",
        R"({"message":"no","details":[{"@type":"x"},{"field":"cups","message":"too many"}]})",
        R"({"error":{"code":"bad","details":[{"property":"cups","message":"too many"}]}})",
        // In the list that the provider's error_body names, but with other member names.
        R"({"detail":[{"field":"cups","detail":"too many"}]})"}) {
    EXPECT_EQ(Violations(Read("PlaceOrder", body)), "[body.cups: too many]") << body;
  }
  // A single error in place of the list is no violation.
  EXPECT_EQ(Violations(Read("Sell", R"({"errors":{"code":"no","message":"closed"}})")), "");
}

TEST(ErrorForms, KeepALessThanSignInAPage) {
  EXPECT_EQ(Read("Sell", "<p>cups < 5 and tea <b>hot</b></p>").message,
            "the upstream answered 422: cups < 5 and tea hot");
}

TEST(ErrorForms, ThatAreNoWholeJsonKeepWhatComesBeforeTheFault) {
  for (const char* const body :
       {R"({"code":"no_funds","message":"insufficient balance","errors":[{"pa)",
        R"({"code":"no_funds","message":"insufficient balance","more":{"a":[1,2)",
        R"({"code":"no_funds","message":"insufficient balance"}<!-- proxy-7 -->)",
        R"({"code":"no_funds","message":"insufficient balance"} {"code":"other"})",
        R"({"code":"no_funds","message":"insufficient balance","at":NaN})"}) {
    const Failure failure = Read("Sell", body);
    EXPECT_EQ(failure.upstream_code, "no_funds") << body;
    EXPECT_EQ(failure.message, "the upstream answered 422: insufficient balance") << body;
  }
  // A body that is cut off in the middle is quoted as it is.
  const Failure cut = Read("Sell", R"({"code":"no_funds","message":"insuffici)");
  EXPECT_EQ(cut.upstream_code, "no_funds");
  EXPECT_EQ(cut.message, R"(the upstream answered 422: {"code":"no_funds","message":"insuffici)");
  EXPECT_EQ(Read("Sell", "{rubbish").message, "the upstream answered 422: {rubbish");
  EXPECT_EQ(Read("Sell", std::string(100'000, '[')).upstream_code, "");
}

TEST(TraceId, ComesFromTheHeaderWhereTheBodyHasNone) {
  EXPECT_EQ(Read("PlaceOrder", "{}", "Request-Id: req_1\r\n").trace_id, "req_1");
  EXPECT_EQ(Read("PlaceOrder", R"({"request_id": "r1"})", "Request-Id: req_1\r\n").trace_id, "r1");
  EXPECT_EQ(Read("Sell", "{}", "Request-Id: req_1\r\n").trace_id, "");
}

TEST(TraceId, OfASuccessComesFromTheHeader) {
  const Route& route = guests::RouteOf(guests::Routes(), "CafeService.PlaceOrder");
  const auto read = ReadReply(route, shop::ResponseOf(200, "{}", "request-id: req_2\r\n"));
  EXPECT_EQ(std::get<Reply>(read).trace_id, "req_2");
}

}  // namespace
}  // namespace gateway::mapping
