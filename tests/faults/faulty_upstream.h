// An upstream that commits faults over HTTP/1.1, plain or over TLS, so that a case is written once
// for both. For each whole request a function says what happens to it, and so a marker in the
// request may choose the fault.
//
// Thread-safety: all methods may be called from any thread; the function is called from several.
// Lifetime: the destructor ends all connections; it must not be entered from the function.
//
//   FaultyUpstream upstream(Wire::kTls, [](const Received& request) {
//     return request.method == "GET" ? Reaction::Json(R"({"id": "1"})") :
//     Reaction{Reaction::Kind::kReset};
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
    kReply,    // as the members below say
    kNothing,  // no byte, until Release()
    kSilent,   // no byte, ever; the connection stays open
    kClose,    // the connection ends without a byte of reply
    kReset,    // the same, by a TCP reset
  };
  enum class End {
    kComplete,
    kClose,  // the connection ends when the client's kernel has the reply
    kReset,  // the same, by a TCP reset
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
  size_t cut = std::string::npos;  // only so many bytes of head and body are written
  End end = End::kComplete;
  bool executes = true;  // false: the request is taken and does not count as carried out
  // What nobody asked for: right behind the reply, in the same packet, or while the connection is
  // idle, when the test says SpeakUnasked().
  std::string behind = {};
  std::string unasked = {};

  static Reaction Json(absl::string_view body) { return Status(200, body); }
  static Reaction Status(int status, absl::string_view body = "{}",
                         absl::string_view type = "application/json");
  Reaction With(absl::string_view name, absl::string_view value) &&;

  // Head and body, as they are written on the wire.
  std::string Text() const;

  // Anything but a plain 2xx reply.
  bool is_fault() const;
};

class FaultyUpstream {
 public:
  using React = std::function<Reaction(const Received&)>;

  struct Options {
    http::Listen listen = {};  // but for the certificate
    // Host of the base URL; the default is the address listened on.
    std::string host = {};
    // Asked when a request's head is there. A reaction of its own comes before the body is read,
    // which then never is, and must end the connection. The request does not count as executed.
    std::function<std::optional<Reaction>(const Received& head)> cuts_off = nullptr;
    // nullptr: a good one of its own.
    const http::TestCertificate* certificate = nullptr;
  };

  FaultyUpstream(Wire wire, React react) : FaultyUpstream(wire, std::move(react), Options()) {}
  FaultyUpstream(Wire wire, React react, const Options& options);

  std::string base_url() const;
  int port() const { return server_->port(); }
  // Of the authority to trust; "" where the wire has no TLS.
  std::string ca_file() const { return certificate_ ? certificate_->ca_file() : ""; }

  // Whole requests that were taken as a good server would before it answers.
  int executions() const { return server_->executions(); }
  std::vector<Received> received() const { return server_->received(); }
  int connections() const { return server_->connections(); }
  // Requests whose reaction was no plain reply, those cut off included.
  int faults() const { return faults_; }
  int cut_off() const { return cut_off_; }

  // Lets go what got nothing so far, and all that is to come: 200 and an id.
  void Release() { server_->Release(); }
  // See ScriptedServer.
  int SpeakUnasked() { return server_->SpeakUnasked(); }
  // False when it did not come to that in 10 seconds.
  bool WaitForExecutions(int count) const { return server_->WaitForExecutions(count); }
  // Requests without an answer of which the client let go, by closing.
  bool WaitForLetGo(int count) const { return server_->WaitForClientCloses(count); }
  // The client has ended every connection, or the server has.
  bool WaitForAllClosed() const { return server_->WaitForAllClosed(); }

 private:
  http::Step StepFor(const Received& request);
  std::optional<http::Step> CutOff(const Received& head);

  const React react_;
  const Options options_;
  std::atomic<int> faults_{0};
  std::atomic<int> cut_off_{0};
  std::unique_ptr<http::TestCertificate> own_certificate_;
  const http::TestCertificate* certificate_ = nullptr;  // null: plain
  std::unique_ptr<http::ScriptedServer> server_;
};

}  // namespace gateway::faults

#endif  // TESTS_FAULTS_FAULTY_UPSTREAM_H_
