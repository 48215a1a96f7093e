// An HTTP/1.1 server, plain or over TLS, that does exactly what its scripts say, valid or not, and
// counts the requests that it executed.
//
// A script describes one connection, step by step; its last step repeats. The n-th accepted
// connection follows the n-th script, further connections the last one. Instead of scripts, a
// function can answer each request on every connection.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the destructor closes every connection and joins its threads.
// Errors: a failing system call ends the program.
//
//   ScriptedServer server({{Step::Reply("{}")}});
//   transport->Send(Request{.url = server.Url("/x")}, ...);
//   EXPECT_EQ(server.executions(), 1);
//
//   ScriptedServer server({.on_request = [](const Received& request) {
//     return request.target == "/x" ? Step::ExecuteAndClose() : Step::Reply("{}");
//   }});
#ifndef TESTS_UPSTREAM_HTTP_SCRIPTED_SERVER_H_
#define TESTS_UPSTREAM_HTTP_SCRIPTED_SERVER_H_

#include <openssl/ssl.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/upstream/http/guarded.h"
#include "tests/upstream/http/received.h"
#include "tests/upstream/http/stream.h"
#include "tests/upstream/http/test_certificate.h"

namespace gateway::http {

// One step: read, then write, then continue or end the connection.
struct Step {
  // Only a complete request counts as an execution.
  enum class Read { kNothing, kHead, kRequest };
  // kGoodbye: TLS sends close_notify, and the socket stays open.
  enum class End { kKeepOpen, kGoodbye, kClose, kReset };
  // The TLS record sent before the output.
  enum class Tls { kNothing, kSessionTicket, kKeyUpdate };

  std::string output;  // raw bytes
  // TLS only: after the output, this many bytes of the record that holds `cut_off`. The rest of the
  // record comes with the next output.
  size_t cut = 0;
  std::string cut_off = {};
  End end = End::kKeepOpen;
  Read read = Read::kRequest;
  bool held = false;  // writes nothing before Release()
  Tls tls = Tls::kNothing;
  bool executes = true;  // false: a complete request is read but not counted
  size_t slice = 0;      // bytes per write, with a pause after each; 0: all at once
  absl::Duration pause = absl::Milliseconds(1);
  // Written `times` times after the output, for data too large for memory.
  std::string repeated = {};
  int times = 0;
  bool delivered = false;  // wait until the client's kernel has the output before going on
  // Only for Answers: bytes written after the reply when the test calls SpeakUnasked(), unless the
  // client has sent its next request by then, or has closed.
  std::string unasked = {};

  // Replies 200 with Content-Length; the connection is kept.
  static Step Reply(absl::string_view body, absl::string_view headers = "");
  static Step Raw(absl::string_view output, End end = End::kKeepOpen);
  static Step HeldReply(absl::string_view body);
  // Executes the request, then ends the connection without a byte of reply.
  static Step ExecuteAndClose() { return Raw("", End::kClose); }
  static Step ExecuteAndReset() { return Raw("", End::kReset); }
  static Step ResetDuringRequest();
  static Step CloseAtOnce();
  // Accepts the connection and does nothing.
  static Step Stall();
};

using Script = std::vector<Step>;

// Answers requests if there are no scripts. Called on the connection's thread.
struct Answers {
  std::function<Step(const Received&)> on_request;
  // Optional; called when the head has arrived. A returned step cuts the request off: the body is
  // not read, and the request is not counted.
  std::function<std::optional<Step>(const Received&)> on_head = nullptr;
};

class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<Script> scripts, const Listen& listen = {});
  explicit ScriptedServer(Answers answers, const Listen& listen = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string Url(absl::string_view path) const;

  // Number of complete requests received.
  int executions() const;
  int connections() const;
  std::vector<Received> received() const;

  // Number of handshakes that resumed a TLS session.
  int sessions_resumed() const;

  // The maximum number of requests held at the same time.
  int most_held() const;

  // Lets all held steps write, including future ones.
  void Release();

  // Writes the `unasked` bytes on every connection that waits with some, and waits until the
  // client's kernel has them. Returns the number of these connections. The caller must ensure that
  // the client sends nothing meanwhile: in HTTP/1.1, a reply that crosses with a request cannot be
  // told from the reply to it.
  int SpeakUnasked();

  // Returns false if fewer requests were executed within 10 seconds.
  bool WaitForExecutions(int count) const;
  // Waits until this many steps with `delivered` have ended.
  bool WaitForDeliveries(int count) const;
  // Waits until the client has closed this many connections with held steps.
  bool WaitForClientCloses(int count) const;
  // Waits until the server has closed every connection accepted so far.
  bool WaitForAllClosed() const;

 private:
  ScriptedServer(std::vector<Script> scripts, Answers answers, const Listen& listen);
  void Accept();
  void JoinFinished();
  void Serve(int fd, int connection);
  void FollowScript(Stream& stream, int connection);
  void FollowAnswers(Stream& stream, int connection);
  std::optional<Received> ReadHead(Stream& stream, int connection, std::string& buffer);
  bool ReadBody(Stream& stream, Received& request, std::string& buffer);
  void Count(Received request);
  // Writes and ends as the step says. Returns false if the connection is over.
  bool Perform(Stream& stream, const Step& step);
  bool Hold(int fd);
  void AwaitTurnToSpeak(Stream& stream, const std::string& unasked);
  bool Write(Stream& stream, const Step& step);

  const std::vector<Script> scripts_;
  const Answers answers_;  // used if there are no scripts
  const std::string host_;
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, FreeContext> context_;  // null: plain TCP
  int listener_ = -1;
  int port_ = 0;
  int release_ = -1;  // eventfds that become readable once and stay readable
  int stop_ = -1;

  struct State {
    std::vector<Received> received;
    std::vector<int> sockets;
    int connections = 0;
    std::map<int, std::thread> threads;  // by connection
    std::vector<int> finished;           // connections whose thread is about to end
    int held = 0;
    int most_held = 0;
    int client_closes = 0;
    int deliveries = 0;
    int sessions_resumed = 0;
    std::vector<int> silent;  // one eventfd per connection that waits for SpeakUnasked
    int speaking = 0;         // told to speak, but not finished
    int spoken = 0;
  };
  Guarded<State> state_;

  std::thread acceptor_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_SCRIPTED_SERVER_H_
