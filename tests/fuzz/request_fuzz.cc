// Fuzzes what any caller can send: the bytes of an RPC become an HTTP request or a refusal.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "tests/fuzz/support.h"
#include "upstream/mapping/request/request_writer.h"

namespace gateway::fuzz {
namespace {

using mapping::RestRequest;
using mapping::Route;

constexpr absl::string_view kBaseUrl = "https://upstream.example/prefix";

size_t SlashesOf(const Route& route) {
  size_t slashes = 0;
  for (const Route::PathPart& part : route.path) {
    slashes += static_cast<size_t>(std::count(part.literal.begin(), part.literal.end(), '/'));
  }
  return slashes;
}

// No value in a request may lead to an operation other than the route's.
void RequirePathOf(const Route& route, absl::string_view url) {
  Require(absl::ConsumePrefix(&url, kBaseUrl), "the host and prefix are the configuration's");
  const absl::string_view path = url.substr(0, url.find('?'));
  Require(static_cast<size_t>(std::count(path.begin(), path.end(), '/')) == SlashesOf(route),
          "a value adds no segment to the path");
  for (const absl::string_view segment : absl::StrSplit(path.substr(1), '/')) {
    const std::string dots = absl::StrReplaceAll(absl::AsciiStrToLower(segment), {{"%2e", "."}});
    Require(!segment.empty() && dots != "." && dots != "..", "a segment is no way to elsewhere");
  }
}

void RequireWellFormed(const Route& route, const RestRequest& request) {
  const http::Request& http = request.http;
  Require(std::all_of(http.url.begin(), http.url.end(), absl::ascii_isgraph) &&
              !absl::StrContains(http.url, '#'),
          "a URL is printable and has no fragment");
  RequirePathOf(route, http.url);
  for (const absl::string_view header : http.headers) {
    Require(std::all_of(header.begin(), header.end(), absl::ascii_isprint), "a header is one line");
  }
  Require(http.has_body || http.body.empty(), "what has no body sends none");
  if (http.has_body && route.body_form == mapping::BodyForm::kJson) {
    Require(nlohmann::json::accept(http.body), "a JSON body is JSON");
  }
  if (route.body_form == mapping::BodyForm::kForm) {
    Require(std::all_of(http.body.begin(), http.body.end(), absl::ascii_isgraph),
            "a form is escaped");
  }
}

void Try(absl::string_view input) {
  const auto [route, message] = SplitRoute(input);
  const auto written = mapping::WriteRequest(
      *route, message,
      {.base_url = kBaseUrl, .default_tenant = "1", .now = absl::FromUnixSeconds(1'750'000'000)});
  if (const auto* const request = std::get_if<RestRequest>(&written)) {
    return RequireWellFormed(*route, *request);
  }
  const auto& failure = std::get<mapping::Failure>(written);
  RequireTellsWhy(failure);
  Require(failure.code == absl::StatusCode::kInvalidArgument, "a bad request is the caller's");
  Require(failure.outcome == mapping::Outcome::kNotSent, "a bad request is not sent");
  Require(!failure.from_upstream, "nobody else was asked");
}

}  // namespace
}  // namespace gateway::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gateway::fuzz::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
