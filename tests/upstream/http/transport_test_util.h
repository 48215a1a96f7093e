// What the tests of the transport share: making one, and saying what came of a call.
#ifndef TESTS_UPSTREAM_HTTP_TRANSPORT_TEST_UTIL_H_
#define TESTS_UPSTREAM_HTTP_TRANSPORT_TEST_UTIL_H_

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
#include "absl/time/clock.h"
#include "tests/upstream/http/awaited.h"
#include "upstream/http/curl_transport.h"

namespace gateway::http {

inline std::unique_ptr<CurlTransport> MakeTransport(const Options& options = {}) {
  absl::StatusOr<std::unique_ptr<CurlTransport>> transport = CurlTransport::Create(options);
  if (!transport.ok()) {
    std::cerr << transport.status() << '\n';
    std::abort();
  }
  return *std::move(transport);
}

// "200 body", or "broken, sent: message": what a test compares, and what it prints when it fails.
inline std::string Summary(const Result& result) {
  if (const Response* response = std::get_if<Response>(&result)) {
    return absl::StrCat(response->status, " ", response->body);
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

// Of times that must be short: a busy machine may stumble over one, not over half of them.
inline absl::Duration MedianOf(std::vector<absl::Duration> times) {
  const auto middle = times.begin() + std::ssize(times) / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

inline Request WithDeadline(Request request, absl::Duration left) {
  request.deadline = absl::Now() + left;
  return request;
}

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TRANSPORT_TEST_UTIL_H_
