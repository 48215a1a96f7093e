// Shared parts of the transport tests: creating a transport, and summarizing the result of a call.
#ifndef TESTS_UPSTREAM_HTTP_TRANSPORT_TRANSPORT_TEST_UTIL_H_
#define TESTS_UPSTREAM_HTTP_TRANSPORT_TRANSPORT_TEST_UTIL_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/transport/awaited.h"
#include "upstream/http/http1_transport.h"

namespace gateway::http {

// Makes a transport to the upstream of this URL; aborts on an error.
inline std::unique_ptr<Http1Transport> MakeTransport(absl::string_view url,
                                                     const Options& options = {}) {
  absl::StatusOr<std::unique_ptr<Http1Transport>> transport = Http1Transport::Create(url, options);
  if (!transport.ok()) {
    std::cerr << transport.status() << '\n';
    std::abort();
  }
  return *std::move(transport);
}

inline std::unique_ptr<Http1Transport> MakeTransport(const ScriptedServer& server,
                                                     const Options& options = {}) {
  return MakeTransport(server.Url("/"), options);
}

// Plain TCP and TLS: the parameter of tests that run over both.
enum class Wire { kPlain, kTls };

inline std::string Name(Wire wire) { return wire == Wire::kPlain ? "Plain" : "Tls"; }

// One certificate for all servers of a test program.
inline const TestCertificate& ServersCertificate() {
  static const TestCertificate certificate;
  return certificate;
}

inline Listen ListenOn(Wire wire) {
  Listen listen;
  if (wire == Wire::kTls) listen.certificate = &ServersCertificate();
  return listen;
}

// Options that trust the server of ListenOn, for either wire.
inline Options TrustingOptions(Options options = {}) {
  options.tls.authorities = ServersCertificate().authority();
  return options;
}

// Returns "200 body" or "broken, sent", for comparisons and for messages of failed tests.
inline std::string Summary(const Result& result) {
  if (const Response* response = std::get_if<Response>(&result)) {
    constexpr absl::string_view kStates[] = {"", "(cut short)", "(unreadable)", "(too large)"};
    return absl::StrCat(response->status, " ", response->body,
                        kStates[static_cast<int>(response->body_state)]);
  }
  const Error& error = std::get<Error>(result);
  return absl::StrCat(Name(error.kind), error.sent ? ", sent" : ", not sent");
}

inline std::string Summary(const Awaited& awaited) { return Summary(awaited.Get()); }

inline Awaited Start(Transport& transport, Request request) {
  Awaited awaited;
  transport.Send(std::move(request), awaited.Done());
  return awaited;
}

// Use it for times that must be short: a busy host may delay some of them, but not half of them.
inline absl::Duration MedianOf(std::vector<absl::Duration> times) {
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

inline Request WithDeadline(Request request, absl::Duration left) {
  request.deadline = SteadyTime::Now() + left;
  return request;
}

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TRANSPORT_TRANSPORT_TEST_UTIL_H_
