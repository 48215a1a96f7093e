// Lets a test wait for the result of one call.
//
// Thread-safety: Done may run on any thread; Get belongs to the test's thread. Lifetime: copies of
// Done share the state.
//
//   Awaited awaited;
//   transport->Send(request, awaited.Done());
//   const Result& result = awaited.Get();
#ifndef TESTS_UPSTREAM_HTTP_TRANSPORT_AWAITED_H_
#define TESTS_UPSTREAM_HTTP_TRANSPORT_AWAITED_H_

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "tests/upstream/http/guarded.h"
#include "upstream/http/transport.h"

namespace gateway::http {

class Awaited {
 public:
  Transport::Done Done() {
    return [state = state_](Result result) {
      state->With([&](std::optional<Result>& slot) {
        if (slot) Fail("a call ended twice");
        slot = std::move(result);
      });
    };
  }

  bool IsOver() const {
    return state_->Read([](const auto& slot) { return slot.has_value(); });
  }

  // Ends the program if no result arrives, since nothing is left to check then. The result never
  // changes again, so it may be read without the lock.
  const Result& Get() const {
    const auto is_over = [](const auto& slot) { return slot.has_value(); };
    if (!state_->WaitUntil(is_over, std::chrono::seconds(30))) Fail("no result within 30 seconds");
    return *state_->Read([](const auto& slot) { return &*slot; });
  }

  // Returns the error or response. If the result is of the other kind, returns an error that says
  // so, or a response with status 0.
  Error GetError() const {
    if (const Error* error = std::get_if<Error>(&Get())) return *error;
    return Error{.kind = Error::Kind::kInvalid, .message = "there was a response"};
  }
  Response GetResponse() const {
    if (const Response* response = std::get_if<Response>(&Get())) return *response;
    Response none;
    none.headers = std::get<Error>(Get()).message;
    return none;
  }

 private:
  [[noreturn]] static void Fail(const char* what) {
    std::cerr << what << '\n';
    std::abort();
  }

  std::shared_ptr<Guarded<std::optional<Result>>> state_ =
      std::make_shared<Guarded<std::optional<Result>>>();
};

inline Request Get(std::string url) {
  Request request;
  request.url = std::move(url);
  return request;
}

// A write: sent at most once.
inline Request Post(std::string url, std::string body) {
  Request request;
  request.method = Method::kPost;
  request.url = std::move(url);
  request.body = std::move(body);
  request.has_body = true;
  return request;
}

inline Awaited Call(Transport& transport, Request request) {
  Awaited awaited;
  transport.Send(std::move(request), awaited.Done());
  awaited.Get();
  return awaited;
}

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TRANSPORT_AWAITED_H_
