#include "upstream/client.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/request/request_writer.h"

namespace gateway {
namespace {

constexpr size_t kMaxKey = 4096;

bool IsPortOrNothing(absl::string_view text) {
  if (text.empty()) return true;
  uint32_t port = 0;
  return absl::ConsumePrefix(&text, ":") &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535;
}

// The host of an absolute URL, without the port. Returns nullopt for a URL that cannot be a base
// URL.
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

}  // namespace

absl::Status Client::CheckBaseUrl(absl::string_view base_url) {
  if (HostOf(base_url)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "must be http:// or https://, a host, and optionally a port and a path without a slash at "
      "the end");
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(Options options,
                                                       std::unique_ptr<http::Transport> transport,
                                                       std::shared_ptr<UpstreamCounters> counters) {
  if (absl::Status status = CheckBaseUrl(options.base_url); !status.ok()) return status;
  std::optional<std::string> host = HostOf(options.base_url);
  return std::unique_ptr<Client>(
      new Client(std::move(options), *std::move(host), std::move(transport), std::move(counters)));
}

Client::Client(Options options, std::string host, std::unique_ptr<http::Transport> transport,
               std::shared_ptr<UpstreamCounters> counters)
    : host_(std::move(host)),
      upstream_(std::move(options), *transport, std::move(counters)),
      transport_(std::move(transport)) {}

std::optional<mapping::Failure> Client::CheckCallerKey(
    const std::optional<absl::string_view>& key) const {
  if (!key) return std::nullopt;
  if (!upstream_.options.accept_caller_keys) {
    return mapping::NotSent(absl::StatusCode::kPermissionDenied, "CALLER_KEY_NOT_ACCEPTED",
                            "this upstream is called with the gateway's keys alone");
  }
  if (key->empty() || key->size() > kMaxKey ||
      !std::all_of(key->begin(), key->end(), absl::ascii_isgraph)) {
    return mapping::NotSent(absl::StatusCode::kInvalidArgument, "CALLER_KEY_INVALID",
                            absl::StrCat("the caller's key must be given once, as 1 to ", kMaxKey,
                                         " visible characters of ASCII"));
  }
  return std::nullopt;
}

std::optional<mapping::Failure> Client::CheckRepeat(const mapping::Route& route,
                                                    const CallTerms& terms) const {
  const bool harmless = route.access == mapping::Access::kRead || terms.idempotency_key.has_value();
  if (!terms.repeated || harmless || !upstream_.options.refuse_repeated_writes) {
    return std::nullopt;
  }
  return mapping::NotSent(absl::StatusCode::kFailedPrecondition, "RETRIED_WITHOUT_KEY",
                          "the call's client library or a proxy has repeated a write without an "
                          "idempotency key: an earlier attempt may have been made");
}

std::variant<PreparedCall, mapping::Failure> Client::Prepare(const mapping::Route& route,
                                                             absl::string_view message,
                                                             const CallTerms& terms) const {
  if (auto failure = CheckCallerKey(terms.caller_key)) return *std::move(failure);
  if (auto failure = CheckRepeat(route, terms)) return *std::move(failure);
  auto written = mapping::WriteRequest(route, message, ContextOf(terms));
  if (auto* failure = std::get_if<mapping::Failure>(&written)) return std::move(*failure);
  PreparedCall call{&route, std::get<mapping::RestRequest>(std::move(written))};
  if (terms.kept_by_ledger) call.identity = mapping::IdentityOf(route, message);
  return call;
}

mapping::RequestContext Client::ContextOf(const CallTerms& terms) const {
  return {.base_url = upstream_.options.base_url,
          .default_tenant = upstream_.options.default_store,
          .idempotency_key = terms.idempotency_key,
          .ledger_heeds_keys = terms.kept_by_ledger};
}

std::string Client::Shown(const mapping::Route& route, absl::string_view message,
                          const CallTerms& terms) const {
  mapping::RequestContext context = ContextOf(terms);
  context.hides_secrets = true;
  const auto written = mapping::WriteRequest(route, message, context);
  const auto* const request = std::get_if<mapping::RestRequest>(&written);
  if (request == nullptr) return "";
  return absl::StrCat(http::Name(request->http.method), " ", request->http.url);
}

Client::Handle Client::Send(PreparedCall prepared, const CallTerms& terms, Done done) {
  auto call = std::make_shared<PendingCall>(upstream_, std::move(prepared), terms, std::move(done));
  call->Start();
  return Handle(std::move(call));
}

Client::Handle Client::Call(const mapping::Route& route, absl::string_view message,
                            const CallTerms& terms, Done done) {
  auto prepared = Prepare(route, message, terms);
  if (auto* failure = std::get_if<mapping::Failure>(&prepared)) {
    done({std::move(*failure)});
    return Handle();
  }
  return Send(std::get<PreparedCall>(std::move(prepared)), terms, std::move(done));
}

}  // namespace gateway
