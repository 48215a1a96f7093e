// Fuzzes error replies of any upstream: a status, headers and a body of any form become a gRPC
// status that the caller can decode.
//
//   route LF status LF headers CR LF CR LF body
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/call/status.h"
#include "tests/fuzz/support.h"
#include "upstream/mapping/reply/error_reply.h"
#include "upstream/mapping/reply/error_table.h"

namespace gateway::fuzz {
namespace {

constexpr absl::string_view kEndOfHeaders = "\r\n\r\n";

http::Response ToResponse(absl::string_view text) {
  http::Response response;
  const size_t line = std::min(text.find('\n'), text.size());
  int status = 0;
  if (!absl::SimpleAtoi(text.substr(0, line), &status)) status = 500;
  // Maps the number to a status from 300 to 599, which is never a success.
  response.status = 300 + static_cast<int>(static_cast<unsigned>(status) % 300);
  text.remove_prefix(std::min(line + 1, text.size()));
  const size_t end = std::min(text.find(kEndOfHeaders), text.size());
  response.headers = std::string(text.substr(0, end)) + "\r\n";
  const absl::string_view body = text.substr(std::min(end + kEndOfHeaders.size(), text.size()));
  response.body.reserve(body.size() + http::kBodyPadding);
  response.body.assign(body.data(), body.size());
  return response;
}

void RequireDecodable(const mapping::Failure& failure, const mapping::Route& route) {
  const grpc::Status status = ToStatus(failure, route.full_name, "upstream.example");
  Require(status.error_code() == static_cast<grpc::StatusCode>(failure.code), "the code is told");
  google::rpc::Status details;
  Require(details.ParseFromString(status.error_details()), "details are a google.rpc.Status");
  Require(details.details_size() > 0, "there are details");
  google::rpc::ErrorInfo info;
  Require(details.details(0).UnpackTo(&info), "the first detail is an ErrorInfo");
  Require(info.metadata().at("outcome") == mapping::Name(failure.outcome), "the outcome is told");
}

void Try(absl::string_view input) {
  const auto [route, rest] = SplitRoute(input);
  const http::Response response = ToResponse(rest);
  const mapping::Failure failure = mapping::ReadErrorReply(*route, response);
  RequireTellsWhy(failure);
  const mapping::Failure plain = mapping::FromHttpStatus(response.status, route->access);
  Require(failure.code == plain.code && failure.outcome == plain.outcome,
          "what happened is the status's to say, not the body's");
  if (failure.retry_after.has_value()) {
    Require(*failure.retry_after >= absl::ZeroDuration() &&
                *failure.retry_after <= mapping::kMaxRetryAfter,
            "a wait has bounds");
  }
  RequireDecodable(failure, *route);
  mapping::ReadTraceId(*route->provider, response);
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
