// Tests what error a caller gets if the upstream refuses, fails or sends an unreadable reply, and
// how often the upstream then executed a write. Each row of the tables is tested end to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/arrival.h"
#include "tests/end_to_end/support/operations.h"
#include "tests/end_to_end/support/stack.h"

namespace gateway::end_to_end {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kReadable[] = R"({
  "status": 400, "code": "some-code", "message": "no such luck", "trace_id": "trace-1",
  "errors": [
    {"code": "c", "message": "too small", "path": "lines[0].quantity", "validation": "v"},
    {"code": "c", "message": "unknown", "path": ["lines", "1", "product_id"], "validation": "v"}
  ]})";

class ErrorTableTest : public testing::Test {
 protected:
  ErrorTableTest() : recorder_(stack_.sandbox()), rpcs_(RpcsOf(stack_.sandbox().contract())) {}

  struct Result {
    Answer answer;
    size_t executions;
  };

  Result Call(absl::string_view operation, sandbox::Reply reply) {
    const ReadyCall call = Ready(rpcs_, operation);
    recorder_.Answer(std::move(reply));
    const Answer answer = stack_.caller().Call(call.rpc->path, call.bytes);
    return {answer, recorder_.Take().size()};
  }

  Stack stack_;
  Recorder recorder_;
  const std::vector<Rpc> rpcs_;
};

sandbox::Reply ErrorReply(int status) {
  sandbox::Reply reply;
  reply.status = status;
  reply.body = kReadable;
  reply.headers = {{"Retry-After", "7"}};
  return reply;
}

// Writes with a body and without one.
constexpr const char* kWrites[] = {kRefund, kCheckout, kDelete, kCreateToken};

struct StatusRow {
  int http_status;
  StatusCode read;
  StatusCode write;
  const char* outcome;
  const char* reason;
};

constexpr StatusRow kStatusRows[] = {
    {400, StatusCode::INVALID_ARGUMENT, StatusCode::INVALID_ARGUMENT, "refused",
     "UPSTREAM_INVALID_ARGUMENT"},
    {422, StatusCode::INVALID_ARGUMENT, StatusCode::INVALID_ARGUMENT, "refused",
     "UPSTREAM_INVALID_ARGUMENT"},
    {401, StatusCode::UNAUTHENTICATED, StatusCode::UNAUTHENTICATED, "refused",
     "UPSTREAM_UNAUTHENTICATED"},
    {403, StatusCode::PERMISSION_DENIED, StatusCode::PERMISSION_DENIED, "refused",
     "UPSTREAM_PERMISSION_DENIED"},
    {404, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, "refused", "UPSTREAM_NOT_FOUND"},
    {410, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND, "refused", "UPSTREAM_NOT_FOUND"},
    {405, StatusCode::UNIMPLEMENTED, StatusCode::UNIMPLEMENTED, "refused",
     "UPSTREAM_UNIMPLEMENTED"},
    {409, StatusCode::ABORTED, StatusCode::ABORTED, "refused", "UPSTREAM_CONFLICT"},
    {412, StatusCode::FAILED_PRECONDITION, StatusCode::FAILED_PRECONDITION, "refused",
     "UPSTREAM_REFUSED"},
    {413, StatusCode::RESOURCE_EXHAUSTED, StatusCode::RESOURCE_EXHAUSTED, "refused",
     "UPSTREAM_TOO_LARGE"},
    {429, StatusCode::RESOURCE_EXHAUSTED, StatusCode::RESOURCE_EXHAUSTED, "refused",
     "UPSTREAM_RATE_LIMITED"},
    {408, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_TIMED_OUT"},
    {460, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_TIMED_OUT"},
    {499, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_TIMED_OUT"},
    {402, StatusCode::FAILED_PRECONDITION, StatusCode::FAILED_PRECONDITION, "refused",
     "UPSTREAM_REFUSED"},
    {418, StatusCode::FAILED_PRECONDITION, StatusCode::FAILED_PRECONDITION, "refused",
     "UPSTREAM_REFUSED"},
    {301, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_REDIRECTED"},
    {302, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_REDIRECTED"},
    {303, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_REDIRECTED"},
    {307, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_REDIRECTED"},
    {308, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_REDIRECTED"},
    {500, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_ERROR"},
    {507, StatusCode::INTERNAL, StatusCode::INTERNAL, "unknown", "UPSTREAM_ERROR"},
    {501, StatusCode::UNIMPLEMENTED, StatusCode::UNIMPLEMENTED, "unknown",
     "UPSTREAM_UNIMPLEMENTED"},
    {502, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_UNAVAILABLE"},
    {503, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_UNAVAILABLE"},
    {504, StatusCode::UNAVAILABLE, StatusCode::UNKNOWN, "unknown", "UPSTREAM_UNAVAILABLE"},
};

void ExpectUpstreamError(const Rpc& rpc, const StatusRow& row, const Answer& answer) {
  const std::string where = absl::StrCat(rpc.name(), " ", row.http_status);
  EXPECT_EQ(answer.status.error_code(), rpc.read ? row.read : row.write) << where;
  EXPECT_THAT(answer.status.error_message(), HasSubstr("no such luck")) << where;
  const Details details = DetailsOf(answer.status);
  EXPECT_EQ(details.info.reason(), row.reason) << where;
  EXPECT_EQ(details.info.domain(), "127.0.0.1") << where;
  EXPECT_EQ(details.Meta("outcome"), row.outcome) << where;
  EXPECT_EQ(details.Meta("http_status"), absl::StrCat(row.http_status)) << where;
  EXPECT_EQ(details.Meta("upstream_code"), "some-code") << where;
  EXPECT_EQ(details.Meta("operation"), rpc.name()) << where;
  // If the request's body has the fields that the upstream names, they get the gateway's field
  // paths. Otherwise the upstream's names stay.
  if (rpc.name() == "paynow.management.v1.CheckoutService.CreateCheckoutSession") {
    EXPECT_THAT(details.Fields(), ElementsAre("body.lines[0].quantity", "body.lines[1].product_id"))
        << where;
  } else {
    EXPECT_THAT(details.Fields(), ElementsAre("lines[0].quantity", "lines.1.product_id")) << where;
  }
  ASSERT_TRUE(details.request.has_value()) << where;
  EXPECT_EQ(details.request->request_id(), "trace-1") << where;
  if (row.http_status == 413 || row.http_status == 429) {
    ASSERT_TRUE(details.retry.has_value()) << where;
    EXPECT_EQ(details.retry->retry_delay().seconds(), 7) << where;
  }
}

TEST_F(ErrorTableTest, EveryStatusHasItsRow) {
  for (const StatusRow& row : kStatusRows) {
    const Result read = Call(kRead, ErrorReply(row.http_status));
    ExpectUpstreamError(Find(rpcs_, kRead), row, read.answer);
    EXPECT_GE(read.executions, 1u) << row.http_status;
    for (const char* const operation : kWrites) {
      const Result write = Call(operation, ErrorReply(row.http_status));
      ExpectUpstreamError(Find(rpcs_, operation), row, write.answer);
      EXPECT_EQ(write.executions, 1u) << operation << " " << row.http_status;
    }
  }
}

// Covers every status from 300 to 699, also those that no standard assigns.
TEST_F(ErrorTableTest, NoStatusMakesARepeatOfAWriteLookSafe) {
  for (int status = 300; status <= 699; ++status) {
    const Result write = Call(kCheckout, JsonReply(status, Absent()));
    EXPECT_FALSE(write.answer.status.ok()) << status;
    EXPECT_NE(write.answer.status.error_code(), StatusCode::UNAVAILABLE) << status;
    EXPECT_EQ(write.executions, 1u) << status;
    const bool gave_up = status == 408 || status == 460 || status == 499;
    const bool refused = status / 100 == 4 && !gave_up;
    EXPECT_EQ(DetailsOf(write.answer.status).Meta("outcome"), refused ? "refused" : "unknown")
        << status;
  }
}

TEST_F(ErrorTableTest, RedirectsAreNotFollowed) {
  for (const int status : {301, 302, 303, 307, 308}) {
    sandbox::Reply reply = ErrorReply(status);
    reply.headers.emplace_back("Location",
                               absl::StrCat("http://127.0.0.1:", stack_.sandbox().port(), "/x"));
    for (const char* const operation : {kRead, kRefund, kDelete}) {
      const Result result = Call(operation, reply);
      EXPECT_EQ(result.answer.status.error_code(), StatusCode::INTERNAL) << status;
      EXPECT_EQ(result.executions, 1u) << operation << " " << status;
    }
  }
}

TEST_F(ErrorTableTest, RetryAfterIsClamped) {
  const auto wait = [this](const std::string& header) {
    sandbox::Reply reply = ErrorReply(429);
    reply.headers = {{"Retry-After", header}};
    const Details details = DetailsOf(Call(kCheckout, reply).answer.status);
    return details.retry ? details.retry->retry_delay().seconds() : -1;
  };
  EXPECT_EQ(wait("0"), 0);
  EXPECT_EQ(wait("30"), 30);
  EXPECT_EQ(wait("3600"), 300);
  EXPECT_EQ(wait("99999999999999999999"), 300);
  EXPECT_EQ(wait("Fri, 31 Dec 9999 23:59:59 GMT"), 300);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:49:37 GMT"), 0);
  EXPECT_EQ(wait("soon"), -1);
  EXPECT_EQ(wait(""), -1);
}

// The error bodies carry little or no information.
TEST_F(ErrorTableTest, AnErrorNeedsNoReadableBody) {
  struct Body {
    const char* text;
    const char* content_type;
  };
  for (const Body& body : {Body{"", "application/json"},
                           {"{", "application/json"},
                           {"[]", "application/json"},
                           {"null", "application/json"},
                           {"{\"code\": {}, \"message\": [1], \"errors\": 3}", "application/json"},
                           {"\xff\xfe\x00", "text/plain"}}) {
    sandbox::Reply reply{409, body.text, body.content_type, {}};
    const Result result = Call(kRefund, reply);
    EXPECT_EQ(result.answer.status.error_code(), StatusCode::ABORTED) << body.text;
    const Details details = DetailsOf(result.answer.status);
    EXPECT_EQ(details.Meta("outcome"), "refused") << body.text;
    EXPECT_EQ(details.Meta("http_status"), "409") << body.text;
    EXPECT_FALSE(details.bad_request.has_value()) << body.text;
  }
}

TEST_F(ErrorTableTest, OfAnHtmlPageALittleTextIsShown) {
  const std::string page = absl::StrCat("<html><head><title>502 Bad\r\nGateway</title></head>",
                                        std::string(100000, 'x'), "<script>alert(1)</script>");
  for (const char* const operation : {kRead, kRefund}) {
    const Result result = Call(operation, {502, page, "text/html", {}});
    const std::string message = result.answer.status.error_message();
    EXPECT_THAT(message, HasSubstr("502 Bad Gateway"));
    EXPECT_THAT(message, Not(HasSubstr("<")));
    EXPECT_LT(message.size(), 600u);
    EXPECT_EQ(DetailsOf(result.answer.status).Meta("outcome"), "unknown");
  }
}

struct Unreadable {
  const char* name;
  const char* body;
  const char* place;  // the place that the message names
};

// Bodies that are sent in place of a product, which both operations return.
constexpr Unreadable kUnreadable[] = {
    {"empty", "", ""},
    {"nothing but white space", " \n", ""},
    {"an object without a member", "{}", "nothing that is documented"},
    {"an object of another kind", R"({"surprise": 1})", "nothing that is documented"},
    {"no JSON", "Internal Server Error", ""},
    {"HTML", "<html><body>Welcome</body></html>", ""},
    {"cut off", R"({"id": "1", "tags": [)", ""},
    {"goes on", R"({"id": "1"} {"id": "2"})", ""},
    {"an array", "[]", ""},
    {"a text", "\"done\"", ""},
    {"null", "null", ""},
    {"a wrong type", R"({"id": true})", "id"},
    {"a wrong type below", R"({"tags": [{"id": "1"}, {"id": {}}]})", "tags[1].id"},
    {"out of range", R"({"price": 1e300})", "price"},
    {"a fraction", R"({"price": 10.5})", "price"},
    {"a member twice", R"({"id": "1", "id": "2"})", "id"},
    {"not UTF-8 outside of texts", "{\"id\": \xff}", ""},
};

TEST_F(ErrorTableTest, AnswersThatMakeNoSenseLeaveTheOutcomeOpen) {
  for (const Unreadable& row : kUnreadable) {
    for (const char* const operation : {"Products_GetProduct", "Products_CreateProduct"}) {
      const Rpc& rpc = Find(rpcs_, operation);
      const Result result = Call(operation, {200, row.body, "application/json", {}});
      EXPECT_EQ(result.answer.status.error_code(),
                rpc.read ? StatusCode::INTERNAL : StatusCode::UNKNOWN)
          << row.name;
      EXPECT_THAT(result.answer.status.error_message(), HasSubstr(row.place)) << row.name;
      const Details details = DetailsOf(result.answer.status);
      EXPECT_EQ(details.info.reason(), "UPSTREAM_REPLY_UNREADABLE") << row.name;
      EXPECT_EQ(details.Meta("outcome"), "unknown") << row.name;
      EXPECT_EQ(details.Meta("http_status"), "200") << row.name;
      EXPECT_EQ(result.executions, 1u) << row.name << " " << operation;
    }
  }
}

// Row 55 of the fault matrix: status 200 alone does not prove that the refund happened.
TEST_F(ErrorTableTest, ASuccessThatIsNoneLeavesTheOutcomeOpen) {
  struct Row {
    const char* name;
    sandbox::Reply reply;
    const char* code;
    const char* text;
  };
  const std::string json = "application/json";
  const Row rows[] = {
      {"the error form",
       {200, R"({"code":"refund-failed","message":"insufficient balance"})", json, {}},
       "refund-failed",
       "insufficient balance"},
      {"the error form of a gateway",
       {201, R"({"Message":"Forbidden"})", json, {}},
       "",
       "Forbidden"},
      {"the error form of OAuth",
       {200, R"({"error":"invalid_token","error_description":"it has expired"})", json, {}},
       "invalid_token",
       "it has expired"},
      {"a page", {200, "<html>Please log in</html>", "text/html", {}}, "", "Please log in"},
      {"204", JsonReply(204, Absent()), "", ""},
      {"nothing", {200, "", json, {}}, "", ""},
  };
  for (const Row& row : rows) {
    for (const char* const operation : {kRead, kRefund, kCheckout, kCreateToken}) {
      const Rpc& rpc = Find(rpcs_, operation);
      const Result result = Call(operation, row.reply);
      EXPECT_EQ(result.answer.status.error_code(),
                rpc.read ? StatusCode::INTERNAL : StatusCode::UNKNOWN)
          << row.name << " " << operation;
      EXPECT_THAT(result.answer.status.error_message(), HasSubstr(row.text)) << row.name;
      const Details details = DetailsOf(result.answer.status);
      EXPECT_EQ(details.Meta("outcome"), "unknown") << row.name;
      EXPECT_EQ(details.Meta("upstream_code"), row.code) << row.name;
      EXPECT_EQ(result.executions, 1u) << row.name << " " << operation;
    }
  }
}

// The contract leaves the reply of two operations open. Their protos declare that it may be empty.
TEST_F(ErrorTableTest, AnEmptyReplyCountsWhereItIsDocumented) {
  for (const char* const operation : {"Marketing_SetStoreAbandonedCheckoutConfigurationOptions",
                                      "Marketing_SetStorePurchaseFollowUpConfigurationOptions"}) {
    const Result result = Call(operation, JsonReply(204, Absent()));
    EXPECT_TRUE(result.answer.status.ok()) << operation << result.answer.status.error_message();
    EXPECT_EQ(result.answer.message, "");
  }
}

// If no reply is documented, an empty answer is a success; an error body or an HTML page is not.
TEST_F(ErrorTableTest, AnAnswerThatIsNotDocumentedMayBeAnythingButAnErrorOrAPage) {
  EXPECT_TRUE(Call(kDelete, JsonReply(204, Absent())).answer.status.ok());
  for (const char* const body :
       {"<html>Please log in</html>", R"({"code":"locked","message":"somebody edits it"})"}) {
    const Result result = Call(kDelete, {200, body, "application/json", {}});
    EXPECT_EQ(result.answer.status.error_code(), StatusCode::UNKNOWN) << body;
    EXPECT_EQ(DetailsOf(result.answer.status).Meta("outcome"), "unknown") << body;
  }
}

// If no reply is documented, content that is neither an error nor an HTML page is ignored.
TEST_F(ErrorTableTest, ContentThatIsNotDeclaredIsLeftAside) {
  for (const char* const body : {"", "{}", "deleted", R"({"status":"ok"})"}) {
    const Result result = Call(kDelete, {200, body, "application/json", {}});
    EXPECT_TRUE(result.answer.status.ok()) << body;
    EXPECT_EQ(result.answer.message, "");
  }
}

TEST_F(ErrorTableTest, AnyOther2xxIsASuccess) {
  const ReadyCall call = Ready(rpcs_, kRefund);
  for (const int status : {201, 202, 203, 206, 299}) {
    const Result result = Call(kRefund, JsonReply(status, call.sample.reply));
    EXPECT_TRUE(result.answer.status.ok()) << status << result.answer.status.error_message();
    EXPECT_NE(result.answer.message, "") << status;
  }
}

}  // namespace
}  // namespace gateway::end_to_end
