#include "upstream/client.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/error_table.h"
#include "upstream/mapping/request_writer.h"

namespace gateway {
namespace {

using mapping::Failure;
using mapping::Route;

bool IsPortOrNothing(absl::string_view text) {
  if (text.empty()) return true;
  uint32_t port = 0;
  return absl::ConsumePrefix(&text, ":") &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535;
}

// The host of an absolute URL, port left out. Nothing for a URL that cannot be a base.
std::optional<std::string> HostOf(absl::string_view url) {
  if (!absl::ConsumePrefix(&url, "https://") && !absl::ConsumePrefix(&url, "http://")) {
    return std::nullopt;
  }
  if (url.find_first_of("?#@") != absl::string_view::npos || absl::EndsWith(url, "/") ||
      !std::all_of(url.begin(), url.end(), absl::ascii_isgraph)) {
    return std::nullopt;
  }
  const absl::string_view authority = url.substr(0, url.find('/'));
  const bool ipv6 = absl::StartsWith(authority, "[");
  const absl::string_view host = ipv6 ? authority.substr(0, authority.find(']') + 1)
                                      : authority.substr(0, authority.find(':'));
  if (host.empty() || !IsPortOrNothing(authority.substr(host.size()))) return std::nullopt;
  return std::string(host);
}

Failure NoKey() {
  Failure failure;
  failure.code = absl::StatusCode::kUnauthenticated;
  failure.outcome = mapping::Outcome::kNotSent;
  failure.reason = "NO_API_KEY";
  failure.message = "the gateway has no API key for this store";
  return failure;
}

void AddHeaders(const Route& route, absl::string_view key, http::Request& request) {
  request.headers.push_back(
      absl::StrCat("Authorization: ", route.provider->authorization_scheme(), " ", key));
  request.headers.emplace_back("Accept: application/json");
  request.headers.emplace_back("User-Agent: billing-gateway");
  if (request.has_body) request.headers.emplace_back("Content-Type: application/json");
}

Client::Result Conclude(const Route& route, http::Result result) {
  if (auto* error = std::get_if<http::Error>(&result)) {
    return mapping::FromTransportError(*error, route.read);
  }
  auto reply = mapping::ReadReply(route, std::get<http::Response>(result));
  if (auto* failure = std::get_if<Failure>(&reply)) return std::move(*failure);
  return std::get<mapping::Reply>(std::move(reply));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options, Credentials credentials,
                                                       std::unique_ptr<http::Transport> transport) {
  std::optional<std::string> host = HostOf(options.base_url);
  if (!host) {
    return absl::InvalidArgumentError(
        "must be http:// or https://, a host, and optionally a port and a path without a slash at "
        "the end");
  }
  return std::unique_ptr<Client>(new Client(std::move(options), *std::move(host),
                                            std::move(credentials), std::move(transport)));
}

Client::Client(Options options, std::string host, Credentials credentials,
               std::unique_ptr<http::Transport> transport)
    : options_(std::move(options)),
      host_(std::move(host)),
      credentials_(std::move(credentials)),
      transport_(std::move(transport)) {}

Client::CallId Client::Call(const Route& route, absl::string_view message, absl::Time deadline,
                            Done done) {
  auto written = mapping::WriteRequest(route, message, options_.base_url, options_.default_store);
  if (auto* failure = std::get_if<Failure>(&written)) {
    done(std::move(*failure));
    return {};
  }
  auto& request = std::get<mapping::RestRequest>(written);
  const absl::string_view key = credentials_.KeyFor(request.tenant);
  if (key.empty()) {
    done(NoKey());
    return {};
  }
  AddHeaders(route, key, request.http);
  request.http.deadline = deadline;
  return transport_->Send(std::move(request.http),
                          [&route, done = std::move(done)](http::Result result) mutable {
                            done(Conclude(route, std::move(result)));
                          });
}

void Client::Cancel(CallId id) {
  if (id != CallId{}) transport_->Cancel(id);
}

}  // namespace gateway
