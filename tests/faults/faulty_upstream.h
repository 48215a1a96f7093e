// An upstream that commits faults over HTTP/1.1, in plain text or over TLS, so that one case covers
// both. A function decides what happens to each complete request; a marker in the request can
// select the fault.
//
// Thread-safety: all methods may be called from any thread; the function is called from several
// threads. Lifetime: the destructor ends all connections; do not destroy the object from within the
// function.
//
//   FaultyUpstream upstream(Wire::kTls, [](const Received& request) {
//     return request.method == "GET" ? Reaction::Json(R"({"id": "1"})")
//                                    : Reaction{Reaction::Kind::kReset};
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
#include "tests/upstream/http/scripted_server.h"
#include "tests/upstream/http/test_certificate.h"

namespace gateway::faults {

using http::Received;

enum class Wire { kPlain, kTls };

// "plain", "tls".
const char* Name(Wire wire);
std::ostream& operator<<(std::ostream& out, Wire wire);

// What happens to one request.
struct Reaction {
  enum class Kind {
    kReply,    // replies as the members below say
    kNothing,  // sends no byte until Release()
    kSilent,   // never sends a byte; the connection stays open
    kClose,    // closes the connection without a byte of reply
    kReset,    // resets the connection (TCP RST) without a reply
  };
  enum class End {
    kComplete,
    kClose,  // closes the connection once the client's kernel has the reply
    kReset,  // resets the connection (TCP RST) at that moment
  };

  Kind kind = Kind::kReply;
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  int times = 1;     // repetitions of the body, for bodies too large for memory
  size_t slice = 0;  // bytes per write, with a pause in between; 0: all at once
  absl::Duration pause = absl::Milliseconds(1);
  // Content-Length if it must differ from the body's size; -1: no Content-Length.
  std::optional<int64_t> announced = std::nullopt;
  size_t cut = std::string::npos;  // writes only this many bytes of head and body
  End end = End::kComplete;
  bool executes = true;  // false: the request is read but does not count as executed
  // Unrequested bytes. `behind` follows the reply in the same packet. `unasked` is sent by
  // SpeakUnasked() while the connection is idle.
  std::string behind = {};
  std::string unasked = {};

  static Reaction Json(absl::string_view body) { return Status(200, body); }
  static Reaction Status(int status, absl::string_view body = "{}",
                         absl::string_view type = "application/json");
  Reaction With(absl::string_view name, absl::string_view value) &&;

  // Head and body, as written on the wire.
  std::string Text() const;

  // Whether this is anything but a plain 2xx reply.
  bool is_fault() const;
};

class FaultyUpstream {
 public:
  using React = std::function<Reaction(const Received&)>;

  struct Options {
    http::Listen listen = {};  // without the certificate
    // Host of the base URL; the default is the listening address.
    std::string host = {};
    // Called when a request's head has arrived. A returned reaction happens before the body is
    // read; the body is never read then, so the reaction must end the connection. The request does
    // not count as executed.
    std::function<std::optional<Reaction>(const Received& head)> cuts_off = nullptr;
    // nullptr: the upstream makes a valid certificate.
    const http::TestCertificate* certificate = nullptr;
  };

  FaultyUpstream(Wire wire, React react) : FaultyUpstream(wire, std::move(react), Options()) {}
  FaultyUpstream(Wire wire, React react, const Options& options);

  std::string base_url() const;
  int port() const { return server_->port(); }
  // The certificate of the authority to trust; "" for plain text.
  std::string ca_file() const { return certificate_ ? certificate_->ca_file() : ""; }

  // Number of complete requests that a correct server would have executed before its answer.
  int executions() const { return server_->executions(); }
  std::vector<Received> received() const { return server_->received(); }
  int connections() const { return server_->connections(); }
  // Number of requests with a reaction other than a plain reply, including those cut off.
  int faults() const { return faults_; }
  int cut_off() const { return cut_off_; }

  // Answers all unanswered kNothing requests, and all later ones, with 200 and an ID.
  void Release() { server_->Release(); }
  // See ScriptedServer.
  int SpeakUnasked() { return server_->SpeakUnasked(); }
  // Returns false if fewer requests were executed within 10 seconds.
  bool WaitForExecutions(int count) const { return server_->WaitForExecutions(count); }
  // Waits until the client has closed this many connections with unanswered requests.
  bool WaitForLetGo(int count) const { return server_->WaitForClientCloses(count); }
  // Waits until every connection was closed, by the client or by the server.
  bool WaitForAllClosed() const { return server_->WaitForAllClosed(); }

 private:
  http::Step StepFor(const Received& request);
  std::optional<http::Step> CutOff(const Received& head);

  const React react_;
  const Options options_;
  std::atomic<int> faults_{0};
  std::atomic<int> cut_off_{0};
  std::unique_ptr<http::TestCertificate> own_certificate_;
  const http::TestCertificate* certificate_ = nullptr;  // null: plain text
  std::unique_ptr<http::ScriptedServer> server_;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_FAULTY_UPSTREAM_H_
