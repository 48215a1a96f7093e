// A small HTTP/1.1 server without TLS. It serves GET only, returns a text for each path, and closes
// the connection after its answer.
//
// For probes and metrics, which strangers may be able to reach. Its only thread never blocks on one
// connection. At most kMost connections are open, each for at most kPatience; if there are more,
// the oldest is closed. So silent connections keep nobody out.
//
//   auto server = PlainHttp::Create("0.0.0.0:9464", [](absl::string_view path) {
//     return path == "/metrics" ? PlainHttp::Answer{200, Text()} : PlainHttp::NotFound();
//   });
//
// Thread-safety: Create and the destructor belong to one thread. Lifetime: `respond` is called on
// the server's own thread; what it uses must outlive the server.
#ifndef SERVICE_PORT_PLAIN_HTTP_H_
#define SERVICE_PORT_PLAIN_HTTP_H_

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace gateway {

class PlainHttp {
 public:
  static constexpr size_t kMost = 64;
  static constexpr std::chrono::seconds kPatience{5};
  // The most bytes of a request's head.
  static constexpr size_t kMostBytes = 4096;

  struct Answer {
    int status = 200;
    std::string body;
    const char* type = "text/plain";
  };
  static Answer NotFound() { return {404, "not found\n"}; }

  // `path` has no query.
  using Respond = std::function<Answer(absl::string_view path)>;

  // `listen` is such as "0.0.0.0:50052" or "[::]:50052"; port 0 picks a free port. UNAVAILABLE if
  // it cannot listen there.
  static absl::StatusOr<std::unique_ptr<PlainHttp>> Create(const std::string& listen,
                                                           Respond respond);
  ~PlainHttp();
  PlainHttp(const PlainHttp&) = delete;
  PlainHttp& operator=(const PlainHttp&) = delete;

  int port() const { return port_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Client {
    int fd;
    Clock::time_point end;
    std::string input;
    std::string output;     // not sent yet
    bool answered = false;  // only waits for the peer to read the answer and close
  };

  PlainHttp(int listener, int port, Respond respond);
  void Run();
  void Accept();
  // Both return false if the connection is to be closed.
  bool Take(Client& client) const;
  static bool Give(Client& client);
  Answer AnswerTo(absl::string_view head) const;

  const int listener_;
  const int port_;
  const int wake_;  // an eventfd: readable when the thread must stop
  const Respond respond_;
  std::list<Client> clients_;  // used by the thread only; the oldest in front
  std::thread thread_;         // last: uses the members above
};

}  // namespace gateway

#endif  // SERVICE_PORT_PLAIN_HTTP_H_
