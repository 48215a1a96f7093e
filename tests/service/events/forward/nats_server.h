// A nats-server with JetStream in a folder of its own. A test may kill it, start it again on the
// same port, and read its streams.
//
//   NatsServer server;
//   server.AddStream("BILLING", "billing.>");
//   ... {server.Url()} ...
//   EXPECT_EQ(server.Messages("BILLING").size(), 1u);
//
// Thread-safety: one thread. Errors: end the test program.
#ifndef TESTS_SERVICE_EVENTS_FORWARD_NATS_SERVER_H_
#define TESTS_SERVICE_EVENTS_FORWARD_NATS_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway {

class NatsServer {
 public:
  struct Stored {
    std::string subject;
    std::string id;    // Nats-Msg-Id
    std::string type;  // Content-Type
    std::string data;
  };

  // `more`: additional lines for the server's configuration. If `running` is false, the server has
  // a port but is not started.
  explicit NatsServer(const std::string& more = "", bool running = true);

  void Start();
  // Ends the server with SIGKILL.
  void Kill();

  int port() const { return port_; }
  std::string Url() const;  // "nats://127.0.0.1:port"

  void AddStream(const std::string& name, const std::string& subjects,
                 int64_t duplicate_window_seconds = 120);
  uint64_t Count(const std::string& stream);
  std::vector<Stored> Messages(const std::string& stream);

 private:
  const TempDir directory_;
  std::string more_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> child_;
};

}  // namespace gateway

#endif  // TESTS_SERVICE_EVENTS_FORWARD_NATS_SERVER_H_
