#include "upstream/mapping/reply/error_table.h"

#include <iterator>

#include "absl/strings/str_cat.h"

namespace gateway::mapping {
namespace {

using absl::StatusCode;

struct Row {
  int first;  // statuses first..last; the first row that fits counts
  int last;
  StatusCode read;
  StatusCode write;
  Outcome outcome;
  absl::string_view reason;
};

// A 4xx says that the upstream refused: the operation did not happen. Everything else leaves that
// open: a 303 is the classic answer to a POST that worked, and a 500 can come after the money has
// moved. Three of the 4xx are not refusals: a server, or a proxy in front of it, gave up waiting
// (408), or believes that its client did (460, 499). The work may have begun by then.
constexpr Row kRows[] = {
    {400, 400, StatusCode::kInvalidArgument, StatusCode::kInvalidArgument, Outcome::kRefused,
     "UPSTREAM_INVALID_ARGUMENT"},
    // The upstream did not accept the gateway's credential. ErrorInfo.domain distinguishes this
    // from the gateway's own refusal.
    {401, 401, StatusCode::kUnauthenticated, StatusCode::kUnauthenticated, Outcome::kRefused,
     "UPSTREAM_UNAUTHENTICATED"},
    {403, 403, StatusCode::kPermissionDenied, StatusCode::kPermissionDenied, Outcome::kRefused,
     "UPSTREAM_PERMISSION_DENIED"},
    {404, 404, StatusCode::kNotFound, StatusCode::kNotFound, Outcome::kRefused,
     "UPSTREAM_NOT_FOUND"},
    {405, 405, StatusCode::kUnimplemented, StatusCode::kUnimplemented, Outcome::kRefused,
     "UPSTREAM_UNIMPLEMENTED"},
    {408, 408, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_TIMED_OUT"},
    {460, 460, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_TIMED_OUT"},
    {499, 499, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_TIMED_OUT"},
    {409, 409, StatusCode::kAborted, StatusCode::kAborted, Outcome::kRefused, "UPSTREAM_CONFLICT"},
    {410, 410, StatusCode::kNotFound, StatusCode::kNotFound, Outcome::kRefused,
     "UPSTREAM_NOT_FOUND"},
    {413, 413, StatusCode::kResourceExhausted, StatusCode::kResourceExhausted, Outcome::kRefused,
     "UPSTREAM_TOO_LARGE"},
    {422, 422, StatusCode::kInvalidArgument, StatusCode::kInvalidArgument, Outcome::kRefused,
     "UPSTREAM_INVALID_ARGUMENT"},
    {429, 429, StatusCode::kResourceExhausted, StatusCode::kResourceExhausted, Outcome::kRefused,
     "UPSTREAM_RATE_LIMITED"},
    {400, 499, StatusCode::kFailedPrecondition, StatusCode::kFailedPrecondition, Outcome::kRefused,
     "UPSTREAM_REFUSED"},
    // Never followed: a redirect could carry credentials elsewhere.
    {300, 399, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown,
     "UPSTREAM_REDIRECTED"},
    {501, 501, StatusCode::kUnimplemented, StatusCode::kUnimplemented, Outcome::kUnknown,
     "UPSTREAM_UNIMPLEMENTED"},
    // Often written by a proxy that does not know how far the request got.
    {502, 504, StatusCode::kUnavailable, StatusCode::kUnknown, Outcome::kUnknown,
     "UPSTREAM_UNAVAILABLE"},
    {500, 599, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown, "UPSTREAM_ERROR"},
    {0, 999, StatusCode::kInternal, StatusCode::kInternal, Outcome::kUnknown,
     "UPSTREAM_STATUS_UNEXPECTED"},
};

const Row& RowFor(int http_status) {
  for (const Row& row : kRows) {
    if (http_status >= row.first && http_status <= row.last) return row;
  }
  return kRows[std::size(kRows) - 1];
}

struct TransportRow {
  http::Error::Kind kind;
  StatusCode not_sent;
  StatusCode sent_read;
  StatusCode sent_write;
  absl::string_view reason;
};

constexpr TransportRow kTransportRows[] = {
    {http::Error::Kind::kResolve, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "UPSTREAM_NOT_RESOLVED"},
    {http::Error::Kind::kConnect, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "UPSTREAM_NOT_CONNECTED"},
    {http::Error::Kind::kTls, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "UPSTREAM_TLS_FAILED"},
    {http::Error::Kind::kBroken, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "UPSTREAM_CONNECTION_BROKEN"},
    {http::Error::Kind::kTooLarge, StatusCode::kInternal, StatusCode::kInternal,
     StatusCode::kUnknown, "UPSTREAM_REPLY_TOO_LARGE"},
    {http::Error::Kind::kDeadline, StatusCode::kDeadlineExceeded, StatusCode::kDeadlineExceeded,
     StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    {http::Error::Kind::kCancelled, StatusCode::kCancelled, StatusCode::kCancelled,
     StatusCode::kCancelled, "CANCELLED"},
    {http::Error::Kind::kOverloaded, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "OVERLOADED"},
    {http::Error::Kind::kShutdown, StatusCode::kUnavailable, StatusCode::kUnavailable,
     StatusCode::kUnknown, "SHUTTING_DOWN"},
    {http::Error::Kind::kInvalid, StatusCode::kInternal, StatusCode::kInternal,
     StatusCode::kUnknown, "REQUEST_NOT_SENDABLE"},
};

}  // namespace

Failure FromHttpStatus(int http_status, Access access) {
  const Row& row = RowFor(http_status);
  Failure failure;
  failure.code = access == Access::kRead ? row.read : row.write;
  failure.outcome = row.outcome;
  failure.reason = std::string(row.reason);
  failure.from_upstream = true;
  failure.http_status = http_status;
  return failure;
}

Failure UnusableReply(Access access) {
  Failure failure;
  failure.code = access == Access::kRead ? StatusCode::kInternal : StatusCode::kUnknown;
  failure.outcome = Outcome::kUnknown;
  failure.reason = "UPSTREAM_REPLY_UNREADABLE";
  return failure;
}

Failure FromLostBody(const http::Response& response, Access access) {
  Failure failure = UnusableReply(access);
  failure.from_upstream = true;
  failure.http_status = response.status;
  switch (response.body_state) {
    case http::Body::kCutShort:
      failure.reason = "UPSTREAM_CONNECTION_BROKEN";
      failure.message = "the upstream's reply ended within its body";
      break;
    case http::Body::kTooLarge:
      failure.reason = "UPSTREAM_REPLY_TOO_LARGE";
      failure.message = "the upstream's reply exceeds the configured size";
      break;
    case http::Body::kUnreadable:
    case http::Body::kWhole:
      failure.message = "the upstream's reply has an encoding that cannot be read";
      break;
  }
  return failure;
}

Failure FromTransportError(const http::Error& error, Access access) {
  Failure failure;
  for (const TransportRow& row : kTransportRows) {
    if (row.kind != error.kind) continue;
    failure.code = !error.sent               ? row.not_sent
                   : access == Access::kRead ? row.sent_read
                                             : row.sent_write;
    failure.reason = std::string(row.reason);
  }
  failure.outcome = error.sent ? Outcome::kUnknown : Outcome::kNotSent;
  failure.message = absl::StrCat("the upstream did not answer: ", error.message);
  return failure;
}

}  // namespace gateway::mapping
