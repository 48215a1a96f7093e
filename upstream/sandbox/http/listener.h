// Accepts connections and serves each on a thread of its own.
//
//   auto listener = Listener::Start({.host = "127.0.0.1"}, [](Connection& connection) { ... });
//   Call((*listener)->port());
//
// Thread-safe. `serve` is called on many threads at once; the connection is closed when it returns.
// The destructor ends all reading and waits until every `serve` has returned.
#ifndef UPSTREAM_SANDBOX_HTTP_LISTENER_H_
#define UPSTREAM_SANDBOX_HTTP_LISTENER_H_

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/http/connection.h"

namespace gateway::sandbox {

class Listener {
 public:
  struct Options {
    std::string host = "127.0.0.1";
    // 0 takes a free port.
    int port = 0;
    // The greatest number of connections served at a time; further connections wait.
    size_t connections = 256;
  };
  using Serve = std::function<void(Connection&)>;

  // Returns when the socket accepts connections.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const Options& options, Serve serve);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // Whether the listener is being destroyed. A `serve` that waits for something should poll this.
  bool stopping() const;

 private:
  struct Served {
    std::unique_ptr<Connection> connection;
    std::thread thread;
    bool ended = false;
  };

  Listener(int socket, int port, size_t connections, Serve serve)
      : socket_(socket), port_(port), connections_(connections), serve_(std::move(serve)) {}
  void Accept();
  void Run(Served& served);
  void JoinEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int socket_;
  const int port_;
  const size_t connections_;
  const Serve serve_;

  mutable Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::list<Served> served_ ABSL_GUARDED_BY(mu_);
  CondVar one_ended_;

  std::thread accepting_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HTTP_LISTENER_H_
