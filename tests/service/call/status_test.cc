#include "service/call/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "upstream/mapping/formats.h"

namespace gateway {
namespace {

using mapping::Access;
using mapping::Failure;
using mapping::Outcome;
using testing::ElementsAre;
using testing::Pair;

constexpr char kOperation[] = "p.v1.OrdersService.RefundOrder";
constexpr char kHost[] = "api.example";

Failure Refused() {
  Failure failure;
  failure.code = absl::StatusCode::kNotFound;
  failure.outcome = Outcome::kRefused;
  failure.reason = "UPSTREAM_NOT_FOUND";
  failure.message = "the upstream answered 404: no such order";
  failure.from_upstream = true;
  failure.http_status = 404;
  failure.upstream_code = "order_not_found";
  return failure;
}

google::rpc::Status Details(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  return details;
}

template <typename Detail>
std::optional<Detail> Find(const grpc::Status& status) {
  std::optional<Detail> found;
  const google::rpc::Status details = Details(status);
  for (const auto& any : details.details()) {
    Detail detail;
    if (!any.UnpackTo(&detail)) continue;
    EXPECT_FALSE(found.has_value());
    found = detail;
  }
  return found;
}

std::map<std::string, std::string> Metadata(const grpc::Status& status) {
  const auto info = Find<google::rpc::ErrorInfo>(status);
  EXPECT_TRUE(info.has_value());
  return {info->metadata().begin(), info->metadata().end()};
}

TEST(StatusTest, TellsCodeMessageAndWhoRefused) {
  const grpc::Status status = ToStatus(Refused(), kOperation, kHost);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "the upstream answered 404: no such order");
  const auto info = Find<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "UPSTREAM_NOT_FOUND");
  EXPECT_EQ(info->domain(), kHost);
  EXPECT_THAT(Metadata(status),
              ElementsAre(Pair("http_status", "404"), Pair("operation", kOperation),
                          Pair("outcome", "refused"), Pair("upstream_code", "order_not_found")));
  EXPECT_EQ(Details(status).details_size(), 1);
}

TEST(StatusTest, LeavesOutWhatIsNotThere) {
  Failure failure;
  failure.code = absl::StatusCode::kUnavailable;
  failure.outcome = Outcome::kNotSent;
  failure.reason = "UPSTREAM_NOT_CONNECTED";
  const grpc::Status status = ToStatus(failure, kOperation, kHost);
  EXPECT_EQ(Find<google::rpc::ErrorInfo>(status)->domain(), "billing-gateway");
  EXPECT_THAT(Metadata(status),
              ElementsAre(Pair("operation", kOperation), Pair("outcome", "not_sent")));
  EXPECT_EQ(Details(status).details_size(), 1);
}

TEST(StatusTest, TellsTheTraceOfTheCall) {
  EXPECT_EQ(Metadata(ToStatus(Refused(), kOperation, kHost, "4bf9"))["trace_id"], "4bf9");
}

TEST(StatusTest, TellsEveryOutcome) {
  Failure failure;
  for (const auto& [outcome, name] :
       std::map<Outcome, std::string>{{Outcome::kNotSent, "not_sent"},
                                      {Outcome::kRefused, "refused"},
                                      {Outcome::kUnknown, "unknown"}}) {
    failure.outcome = outcome;
    EXPECT_EQ(Metadata(ToStatus(failure, kOperation, kHost))["outcome"], name);
  }
}

TEST(StatusTest, KeepsEveryCode) {
  Failure failure;
  for (int code = 1; code <= 16; ++code) {
    failure.code = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(ToStatus(failure, kOperation, kHost).error_code(), code);
  }
}

TEST(StatusTest, CarriesViolationsTraceIdAndRetry) {
  Failure failure = Refused();
  failure.violations = {{"body.lines[2].quantity", "must be at least 1"}, {"", "second"}};
  failure.trace_id = "trace-1";
  failure.retry_after = absl::Milliseconds(1500);
  const grpc::Status status = ToStatus(failure, kOperation, kHost);
  const auto bad_request = Find<google::rpc::BadRequest>(status);
  ASSERT_TRUE(bad_request);
  ASSERT_EQ(bad_request->field_violations_size(), 2);
  EXPECT_EQ(bad_request->field_violations(0).field(), "body.lines[2].quantity");
  EXPECT_EQ(bad_request->field_violations(0).description(), "must be at least 1");
  EXPECT_EQ(bad_request->field_violations(1).description(), "second");
  EXPECT_EQ(Find<google::rpc::RequestInfo>(status)->request_id(), "trace-1");
  const auto retry = Find<google::rpc::RetryInfo>(status);
  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->retry_delay().seconds(), 1);
  EXPECT_EQ(retry->retry_delay().nanos(), 500000000);
}

TEST(StatusTest, ReplacesUpstreamTextThatIsNoUtf8) {
  constexpr char kBad[] = "caf\xe9";
  Failure failure = Refused();
  failure.message = failure.upstream_code = failure.trace_id = kBad;
  failure.violations = {{kBad, kBad}};
  const grpc::Status status = ToStatus(failure, kOperation, kHost);
  EXPECT_EQ(status.error_message(), "(not valid UTF-8)");
  EXPECT_EQ(Metadata(status)["upstream_code"], "(not valid UTF-8)");
  EXPECT_EQ(Find<google::rpc::RequestInfo>(status)->request_id(), "(not valid UTF-8)");
  const auto violation = Find<google::rpc::BadRequest>(status)->field_violations(0);
  EXPECT_EQ(violation.field(), "(not valid UTF-8)");
  EXPECT_EQ(violation.description(), "(not valid UTF-8)");
}

// The bytes that the status needs of the 8 KB that a gRPC client allows for all trailers: the
// message is percent-encoded, the details are base64.
size_t WireSize(const grpc::Status& status) {
  size_t size = status.error_details().size() * 4 / 3;
  for (const char c : status.error_message()) size += c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
  return size;
}

// A larger status would reach the caller as RESOURCE_EXHAUSTED, without its outcome.
TEST(StatusTest, StaysWithinWhatAClientAccepts) {
  std::string text;
  while (text.size() < 500) text += "\xc3\xa9";
  Failure failure = Refused();
  failure.message = absl::StrCat("the upstream answered 400: ", text, text, text, text);
  failure.upstream_code = failure.trace_id = text;
  failure.retry_after = absl::Seconds(1);
  for (int i = 0; i < 100; ++i) failure.violations.push_back({absl::StrCat("f", i), text});
  const grpc::Status status = ToStatus(failure, kOperation, kHost);
  EXPECT_LT(WireSize(status), 7500u);
  EXPECT_TRUE(mapping::IsUtf8(status.error_message()));
  EXPECT_EQ(Metadata(status)["outcome"], "refused");
  EXPECT_EQ(Find<google::rpc::RequestInfo>(status)->request_id(), text);
  EXPECT_TRUE(Find<google::rpc::RetryInfo>(status).has_value());

  const auto told = Find<google::rpc::BadRequest>(status)->field_violations();
  ASSERT_GE(told.size(), 3);
  EXPECT_EQ(told[0].field(), "f0");
  EXPECT_EQ(told[0].description(), text);
  EXPECT_EQ(told[told.size() - 1].field(), "");
  EXPECT_EQ(told[told.size() - 1].description(),
            absl::StrCat(100 - (told.size() - 1), " more are not shown"));
}

TEST(StatusTest, CountsViolationsThatWereNeverKept) {
  Failure failure = Refused();
  failure.violations = {{"a", "is bad"}};
  failure.violations_left_out = 100;
  const auto told =
      Find<google::rpc::BadRequest>(ToStatus(failure, kOperation, kHost))->field_violations();
  ASSERT_EQ(told.size(), 2);
  EXPECT_EQ(told[1].description(), "100 more are not shown");
}

// The pushback is -1 if a retry is unsafe, a number of milliseconds if a later retry makes sense,
// and absent otherwise.
TEST(RetryPushbackTest, IsForEachOutcome) {
  const auto pushback = [](absl::StatusCode code, mapping::Outcome outcome, Access access,
                           std::optional<absl::Duration> retry_after = {}) {
    Failure failure;
    failure.code = code;
    failure.outcome = outcome;
    failure.retry_after = retry_after;
    return RetryPushback(failure, access);
  };
  using absl::StatusCode;
  for (const Access access : {Access::kRead, Access::kWrite}) {
    EXPECT_EQ(pushback(StatusCode::kUnavailable, Outcome::kNotSent, access), std::nullopt);
    EXPECT_EQ(pushback(StatusCode::kDeadlineExceeded, Outcome::kNotSent, access), std::nullopt);
    EXPECT_EQ(pushback(StatusCode::kInvalidArgument, Outcome::kNotSent, access), -1);
    EXPECT_EQ(pushback(StatusCode::kPermissionDenied, Outcome::kNotSent, access), -1);
    EXPECT_EQ(pushback(StatusCode::kNotFound, Outcome::kRefused, access), -1);
    EXPECT_EQ(pushback(StatusCode::kResourceExhausted, Outcome::kRefused, access, absl::Seconds(7)),
              7000);
    EXPECT_EQ(
        pushback(StatusCode::kResourceExhausted, Outcome::kNotSent, access, absl::Microseconds(1)),
        1);
  }
  EXPECT_EQ(pushback(StatusCode::kResourceExhausted, Outcome::kNotSent, Access::kWrite),
            std::nullopt);
  EXPECT_EQ(RetryPushback(
                mapping::NotSent(StatusCode::kResourceExhausted, "REQUEST_TOO_LARGE", "too large"),
                Access::kWrite),
            -1);
  EXPECT_EQ(pushback(StatusCode::kUnknown, Outcome::kUnknown, Access::kWrite), -1);
  EXPECT_EQ(pushback(StatusCode::kDeadlineExceeded, Outcome::kUnknown, Access::kWrite), -1);
  EXPECT_EQ(pushback(StatusCode::kUnavailable, Outcome::kUnknown, Access::kRead), std::nullopt);
}

}  // namespace
}  // namespace gateway
