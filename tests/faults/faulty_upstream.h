// An upstream that commits faults, over HTTP/1.1 or over TLS and HTTP/2, so that a case is written
// once for both. For each whole request a function says what happens to it, and so a marker in the
// request may choose the fault.
//
// Thread-safety: all methods may be called from any thread; the function is called from several.
// Lifetime: the destructor ends all connections; it must not be entered from the function.
//
//   FaultyUpstream upstream(Wire::kHttp2, [](const Received& request) {
//     return request.method == "GET" ? Reaction::Json("{}") : Reaction{Reaction::Kind::kReset};
//   });
//   ... calls upstream.base_url() ...
//   EXPECT_EQ(upstream.executions(), 1);
//   EXPECT_EQ(upstream.faults(), 1);
#ifndef TESTS_FAULTS_FAULTY_UPSTREAM_H_
#define TESTS_FAULTS_FAULTY_UPSTREAM_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/upstream/http/http2_server.h"
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/test_certificate.h"

namespace gateway::faults {

using http::Received;

enum class Wire { kHttp1, kHttp2 };

// "http1", "http2".
const char* Name(Wire wire);
std::ostream& operator<<(std::ostream& out, Wire wire);

// What happens to one request.
struct Reaction {
  enum class Kind {
    // Executed.
    kReply,    // as the members below say
    kNothing,  // no byte, until Release()
    kClose,    // the connection ends without a byte of reply
    kReset,    // the same, by a TCP reset
    // HTTP/2 alone. Executed:
    kResetStream,      // RST_STREAM, internal error
    kGoAwayIncluding,  // GOAWAY that includes the stream, then the connection ends
    kGoAwayReply,      // GOAWAY that includes the stream, then the reply below
    // Not executed, and said to be so:
    kGoAwayExcluding,       // GOAWAY that excludes the stream; the session stays
    kGoAwayExcludingClose,  // the same, then the connection ends
    kRefuse,                // RST_STREAM, refused
  };
  enum class End {
    kComplete,
    kReset,  // the connection is reset when the body was sent
    kShort,  // the reply ends properly; see `announced`
  };

  Kind kind = Kind::kReply;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  int times = 1;     // the body is sent so often, for what is too large to be held in memory
  size_t slice = 0;  // bytes at a time, with a pause in between; 0: all at once
  absl::Duration pause = absl::Milliseconds(1);
  // Content-Length, where it is not to be the body's; -1 for none at all.
  std::optional<int64_t> announced = std::nullopt;
  End end = End::kComplete;

  static Reaction Json(absl::string_view body) { return Status(200, body); }
  static Reaction Status(int status, absl::string_view body = "{}",
                         absl::string_view type = "application/json");
  Reaction With(absl::string_view name, absl::string_view value) &&;

  // Anything but a plain 2xx reply.
  bool is_fault() const;
};

class FaultyUpstream {
 public:
  using React = std::function<Reaction(const Received&)>;

  struct Options {
    http::Listen listen = {};
    // Host of the base URL; the default is the address listened on.
    std::string host = {};
    uint32_t max_concurrent_streams = 100;
    // Requests for which it is true are cut off within their body: the connection is reset.
    std::function<bool(const Received& head)> cuts_off = nullptr;
    // nullptr: a good one of its own.
    const http::TestCertificate* certificate = nullptr;
  };

  FaultyUpstream(Wire wire, React react) : FaultyUpstream(wire, std::move(react), Options()) {}
  FaultyUpstream(Wire wire, React react, const Options& options);

  std::string base_url() const;
  int port() const;
  // Of the authority to trust; "" where the wire has no TLS.
  std::string ca_file() const;

  // Whole requests that were taken as a good server would before it answers.
  int executions() const;
  std::vector<Received> received() const;
  int connections() const;
  // Requests whose reaction was no plain reply, those cut off included.
  int faults() const { return faults_; }
  int cut_off() const { return cut_off_; }

  // Lets go what got nothing so far, and all that is to come: 200 and "{}".
  void Release();
  // False when it did not come to that in 10 seconds.
  bool WaitForExecutions(int count) const;
  // Requests without an answer of which the client let go: by a reset of the stream, or by closing.
  bool WaitForLetGo(int count) const;

 private:
  Reaction Decide(const Received& request);
  bool CutsOff(const Received& head);
  http::Step StepFor(const Received& request);
  http::StreamAnswer AnswerFor(const Received& request);

  const React react_;
  const Options options_;
  std::atomic<int> faults_{0};
  std::atomic<int> cut_off_{0};
  std::unique_ptr<http::TestCertificate> own_certificate_;
  const http::TestCertificate* certificate_ = nullptr;
  // One of them, by the wire.
  std::unique_ptr<http::ScriptedServer> http1_;
  std::unique_ptr<http::Http2Server> http2_;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_FAULTY_UPSTREAM_H_
