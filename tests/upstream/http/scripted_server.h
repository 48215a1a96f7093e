// An HTTP/1.1 server, plain or over TLS, that does exactly what its scripts say, well or badly, and
// counts what it executed.
//
// A script is the life of one connection, step by step; its last step repeats. The n-th accepted
// connection follows the n-th script, further ones the last. Instead of scripts, a function may
// answer each request, whichever connection it comes on.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the destructor closes every connection and joins its threads.
// Errors: what the system refuses ends the program.
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

// Read, then write, then go on or end.
struct Step {
  // Only a whole request counts as an execution.
  enum class Read { kNothing, kHead, kRequest };
  // kGoodbye: TLS says that nothing follows, and the socket stays open.
  enum class End { kKeepOpen, kGoodbye, kClose, kReset };
  // What TLS says before the output.
  enum class Tls { kNothing, kSessionTicket, kKeyUpdate };

  std::string output;  // raw bytes
  End end = End::kKeepOpen;
  Read read = Read::kRequest;
  bool held = false;  // nothing is written before Release()
  Tls tls = Tls::kNothing;
  bool executes = true;  // false: a whole request is taken, and does not count
  size_t slice = 0;      // bytes per write, with a pause after each; 0 for all at once
  absl::Duration pause = absl::Milliseconds(1);
  // Follows the output so many times: for what is too large to be held in memory.
  std::string repeated = {};
  int times = 0;
  bool delivered = false;  // the client's kernel has the output before the step goes on or ends
  // Of Answers alone: what is written behind the reply when the test says SpeakUnasked(), unless
  // the client has sent its next request by then, or left.
  std::string unasked = {};

  // 200 with Content-Length, connection kept.
  static Step Reply(absl::string_view body, absl::string_view headers = "");
  static Step Raw(absl::string_view output, End end = End::kKeepOpen);
  static Step HeldReply(absl::string_view body);
  // Executes, and ends the connection without a byte of reply.
  static Step ExecuteAndClose() { return Raw("", End::kClose); }
  static Step ExecuteAndReset() { return Raw("", End::kReset); }
  static Step ResetDuringRequest();
  static Step CloseAtOnce();
  // Accepts and does nothing.
  static Step Stall();
};

using Script = std::vector<Step>;

// What answers requests where no script does. Called on the connection's thread.
struct Answers {
  std::function<Step(const Received&)> on_request;
  // Optional; asked when the head is there. A step of its own cuts the request off: the body is not
  // read, and the request does not count.
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

  // Whole requests received.
  int executions() const;
  int connections() const;
  std::vector<Received> received() const;

  // Handshakes that resumed a TLS session.
  int sessions_resumed() const;

  // The most requests that were held at the same time.
  int most_held() const;

  // Lets held steps write, those to come included.
  void Release();

  // On every connection that waits with an `unasked`: writes it, and waits until the client's
  // kernel has it. Returns on how many. The caller sees to it that the client sends nothing
  // meanwhile: over HTTP/1.1 nobody can tell a reply that crosses with a request from the reply to
  // it.
  int SpeakUnasked();

  // False when it did not come to that in 10 seconds.
  bool WaitForExecutions(int count) const;
  // Connections that the client ended while a step was held.
  bool WaitForClientCloses(int count) const;
  // Every connection accepted so far has been closed by the server.
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
  // Writes and ends as the step says. False when the connection is over.
  bool Perform(Stream& stream, const Step& step);
  bool Hold(int fd);
  void AwaitTurnToSpeak(Stream& stream, const std::string& unasked);
  bool Write(Stream& stream, const Step& step);

  const std::vector<Script> scripts_;
  const Answers answers_;  // where there are no scripts
  const std::string host_;
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, FreeContext> context_;  // null: plain TCP
  int listener_ = -1;
  int port_ = 0;
  int release_ = -1;  // eventfds that become readable once, and stay so
  int stop_ = -1;

  struct State {
    std::vector<Received> received;
    std::vector<int> sockets;
    int connections = 0;
    std::map<int, std::thread> threads;  // by connection
    std::vector<int> finished;           // connections whose thread is at its end
    int held = 0;
    int most_held = 0;
    int client_closes = 0;
    int sessions_resumed = 0;
    std::vector<int> silent;  // an eventfd of each connection that waits for SpeakUnasked
    int speaking = 0;         // told to speak, and not yet done
    int spoken = 0;
  };
  Guarded<State> state_;

  std::thread acceptor_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_SCRIPTED_SERVER_H_
