// Waits in a test for the result of one call.
//
// Thread-safety: Done may run on any thread; Get belongs to the test's. Lifetime: copies of Done
// share the state.
//
//   Awaited awaited;
//   transport->Send(request, awaited.Done());
//   const Result& result = awaited.Get();
#ifndef TESTS_UPSTREAM_HTTP_AWAITED_H_
#define TESTS_UPSTREAM_HTTP_AWAITED_H_

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "upstream/http/transport.h"

namespace gateway::http {

class Awaited {
 public:
  Transport::Done Done() {
    return [state = state_](Result result) {
      state->result = std::move(result);
      state->notification.Notify();  // aborts when called twice
    };
  }

  bool IsOver() const { return state_->notification.HasBeenNotified(); }

  // Ends the program when nothing comes, for there is nothing left to check then.
  const Result& Get() const {
    if (!state_->notification.WaitForNotificationWithTimeout(absl::Seconds(30))) {
      std::cerr << "no result within 30 seconds\n";
      std::abort();
    }
    return state_->result;
  }

  // An error of kind kInvalid with this message where a response came instead, and the other way
  // round.
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
  struct State {
    absl::Notification notification;
    Result result;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
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

#endif  // TESTS_UPSTREAM_HTTP_AWAITED_H_
