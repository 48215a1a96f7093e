#include "upstream/mapping/reply/error_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gateway::mapping {
namespace {

using absl::StatusCode;
using Kind = http::Error::Kind;

struct StatusCase {
  int status;
  StatusCode read;
  StatusCode write;
  Outcome outcome;
  const char* reason;
};

constexpr StatusCase kNamed[] = {
    {400, StatusCode::kInvalidArgument, StatusCode::kInvalidArgument, Outcome::kRefused,
     "UPSTREAM_INVALID_ARGUMENT"},
    {401, StatusCode::kUnauthenticated, StatusCode::kUnauthenticated, Outcome::kRefused,
     "UPSTREAM_UNAUTHENTICATED"},
    {403, StatusCode::kPermissionDenied, StatusCode::kPermissionDenied, Outcome::kRefused,
     "UPSTREAM_PERMISSION_DENIED"},
    {404, StatusCode::kNotFound, StatusCode::kNotFound, Outcome::kRefused, "UPSTREAM_NOT_FOUND"},
    {405, StatusCode::kUnimplemented, StatusCode::kUnimplemented, Outcome::kRefused,
     "UPSTREAM_UNIMPLEMENTED"},
    {408, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown, "UPSTREAM_TIMED_OUT"},
    {460, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown, "UPSTREAM_TIMED_OUT"},
    {499, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown, "UPSTREAM_TIMED_OUT"},
    {409, StatusCode::kAborted, StatusCode::kAborted, Outcome::kRefused, "UPSTREAM_CONFLICT"},
    {410, StatusCode::kNotFound, StatusCode::kNotFound, Outcome::kRefused, "UPSTREAM_NOT_FOUND"},
    {412, StatusCode::kFailedPrecondition, StatusCode::kFailedPrecondition, Outcome::kRefused,
     "UPSTREAM_REFUSED"},
    {413, StatusCode::kResourceExhausted, StatusCode::kResourceExhausted, Outcome::kRefused,
     "UPSTREAM_TOO_LARGE"},
    {422, StatusCode::kInvalidArgument, StatusCode::kInvalidArgument, Outcome::kRefused,
     "UPSTREAM_INVALID_ARGUMENT"},
    {429, StatusCode::kResourceExhausted, StatusCode::kResourceExhausted, Outcome::kRefused,
     "UPSTREAM_RATE_LIMITED"},
    {500, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown, "UPSTREAM_ERROR"},
    {501, StatusCode::kUnimplemented, StatusCode::kUnimplemented, Outcome::kUnknown,
     "UPSTREAM_UNIMPLEMENTED"},
    {502, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_UNAVAILABLE"},
    {503, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_UNAVAILABLE"},
    {504, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_UNAVAILABLE"},
};

// The expected result for a status without its own row.
StatusCase Unnamed(int status) {
  if (status >= 300 && status <= 399) {
    return {status, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown,
            "UPSTREAM_REDIRECTED"};
  }
  if (status >= 400 && status <= 499) {
    return {status, StatusCode::kFailedPrecondition, StatusCode::kFailedPrecondition,
            Outcome::kRefused, "UPSTREAM_REFUSED"};
  }
  if (status >= 500 && status <= 599) {
    return {status, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown,
            "UPSTREAM_ERROR"};
  }
  return {status, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown,
          "UPSTREAM_STATUS_UNEXPECTED"};
}

TEST(StatusTable, RowByRow) {
  for (int status = -1; status <= 1000; ++status) {
    if (status >= 200 && status <= 299) continue;
    StatusCase expected = Unnamed(status);
    for (const StatusCase& named : kNamed) {
      if (named.status == status) expected = named;
    }
    for (const Access access : {Access::kRead, Access::kWrite}) {
      const bool read = access == Access::kRead;
      const Failure failure = FromHttpStatus(status, access);
      EXPECT_EQ(failure.code, read ? expected.read : expected.write) << status << " " << read;
      EXPECT_EQ(failure.outcome, expected.outcome) << status;
      EXPECT_EQ(failure.reason, expected.reason) << status;
      EXPECT_EQ(failure.http_status, status);
      EXPECT_TRUE(failure.from_upstream);
    }
  }
}

struct TransportCase {
  Kind kind;
  StatusCode not_sent;
  StatusCode sent_read;
  StatusCode sent_write;
  const char* reason;
};

constexpr TransportCase kTransport[] = {
    {Kind::kResolve, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "UPSTREAM_NOT_RESOLVED"},
    {Kind::kConnect, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "UPSTREAM_NOT_CONNECTED"},
    {Kind::kTls, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "UPSTREAM_TLS_FAILED"},
    {Kind::kBroken, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "UPSTREAM_CONNECTION_BROKEN"},
    {Kind::kTooLarge, StatusCode::kInternal, StatusCode::kInternal, StatusCode::kUnknown,
     "UPSTREAM_REPLY_TOO_LARGE"},
    {Kind::kDeadline, StatusCode::kDeadlineExceeded, StatusCode::kDeadlineExceeded,
     StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    {Kind::kCancelled, StatusCode::kCancelled, StatusCode::kCancelled, StatusCode::kCancelled,
     "CANCELLED"},
    {Kind::kOverloaded, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "OVERLOADED"},
    {Kind::kShutdown, StatusCode::kUnavailable, StatusCode::kUnavailable, StatusCode::kUnknown,
     "SHUTTING_DOWN"},
    {Kind::kInvalid, StatusCode::kInternal, StatusCode::kInternal, StatusCode::kUnknown,
     "REQUEST_NOT_SENDABLE"},
};

TEST(TransportTable, RowByRow) {
  for (const TransportCase& c : kTransport) {
    for (const bool sent : {true, false}) {
      for (const Access access : {Access::kRead, Access::kWrite}) {
        const bool read = access == Access::kRead;
        const Failure failure = FromTransportError({c.kind, sent, "why"}, access);
        EXPECT_EQ(failure.code, !sent  ? c.not_sent
                                : read ? c.sent_read
                                       : c.sent_write)
            << http::Name(c.kind) << sent << read;
        EXPECT_EQ(failure.outcome, sent ? Outcome::kUnknown : Outcome::kNotSent);
        EXPECT_EQ(failure.reason, c.reason);
        EXPECT_FALSE(failure.from_upstream);
        EXPECT_EQ(failure.http_status, 0);
        EXPECT_THAT(failure.message, testing::EndsWith(": why"));
      }
    }
  }
}

// A new kind in the enum needs a row in the table, with its own reason.
TEST(TransportTable, HasARowForEveryKind) {
  std::set<std::string> reasons;
  for (int kind = 0; kind <= static_cast<int>(Kind::kInvalid); ++kind) {
    const Failure failure =
        FromTransportError({static_cast<Kind>(kind), false, ""}, Access::kWrite);
    EXPECT_FALSE(failure.reason.empty()) << kind;
    EXPECT_TRUE(reasons.insert(failure.reason).second) << failure.reason;
  }
}

// The guarantee: a caller that retries on UNAVAILABLE never repeats a write that may have happened.
TEST(ErrorTables, SayUnavailableOnlyWhereARepeatIsSafe) {
  const auto safe = [](const Failure& failure, Access access) {
    return failure.code != StatusCode::kUnavailable || access == Access::kRead ||
           failure.outcome == Outcome::kNotSent;
  };
  for (const Access access : {Access::kRead, Access::kWrite}) {
    for (int status = -1; status <= 1000; ++status) {
      EXPECT_TRUE(safe(FromHttpStatus(status, access), access)) << status;
    }
    EXPECT_TRUE(safe(UnusableReply(access), access));
    for (const TransportCase& c : kTransport) {
      for (const bool sent : {true, false}) {
        EXPECT_TRUE(safe(FromTransportError({c.kind, sent, ""}, access), access))
            << http::Name(c.kind);
      }
    }
  }
}

TEST(UnusableReplyTest, LeavesOpenWhatHappened) {
  EXPECT_EQ(UnusableReply(Access::kRead).code, StatusCode::kInternal);
  EXPECT_EQ(UnusableReply(Access::kWrite).code, StatusCode::kUnknown);
  EXPECT_EQ(UnusableReply(Access::kRead).outcome, Outcome::kUnknown);
  EXPECT_EQ(UnusableReply(Access::kWrite).outcome, Outcome::kUnknown);
  EXPECT_EQ(UnusableReply(Access::kWrite).reason, "UPSTREAM_REPLY_UNREADABLE");
}

TEST(OutcomeNames, AreThoseOfTheContract) {
  EXPECT_EQ(Name(Outcome::kNotSent), "not_sent");
  EXPECT_EQ(Name(Outcome::kRefused), "refused");
  EXPECT_EQ(Name(Outcome::kUnknown), "unknown");
}

}  // namespace
}  // namespace gateway::mapping
