// A small server of HTTP/1.1, in plain text: GET alone, a text for each path, and the connection is
// closed after its answer.
//
// For what strangers can reach: probes and metrics. It has one thread, which waits for nobody. At
// most kMost connections are held, each for kPatience: of more, the oldest is closed. So silent
// ones keep nobody out.
//
//   auto server = PlainHttp::Create("0.0.0.0:9464", [](absl::string_view path) {
//     return path == "/metrics" ? PlainHttp::Answer{200, Text()} : PlainHttp::NotFound();
//   });
//
// Thread-safety: Create and the destructor belong to one thread. Lifetime: what `respond` uses must
// outlive it; it is called on the server's own thread.
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
  // Of a request's head.
  static constexpr size_t kMostBytes = 4096;

  struct Answer {
    int status = 200;
    std::string body;
    const char* type = "text/plain";
  };
  static Answer NotFound() { return {404, "not found\n"}; }

  // `path`: without a query.
  using Respond = std::function<Answer(absl::string_view path)>;

  // `listen`: "0.0.0.0:50052", "[::]:50052"; port 0 for any that is free. UNAVAILABLE where it
  // cannot be had.
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
    std::string output;     // that its peer has not taken yet
    bool answered = false;  // and only waits for its peer to take it and close
  };

  PlainHttp(int listener, int port, Respond respond);
  void Run();
  void Accept();
  // Both are false where the client is done with.
  bool Take(Client& client) const;
  static bool Give(Client& client);
  Answer AnswerTo(absl::string_view head) const;

  const int listener_;
  const int port_;
  const int wake_;  // an eventfd: the end
  const Respond respond_;
  std::list<Client> clients_;  // the thread's own; the oldest in front
  std::thread thread_;         // last
};

}  // namespace gateway

#endif  // SERVICE_PORT_PLAIN_HTTP_H_
