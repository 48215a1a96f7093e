// A connection to NATS JetStream, by the library libnats. The first publication connects, and a
// lost connection is made again.
//
// Thread-safety: Publish may be called from any thread, and waits for the server's answer. Close
// may be called from any thread, and ends the waits. Lifetime: the destructor closes the
// connection.
#ifndef SERVICE_EVENTS_FORWARD_NATS_CONNECTION_H_
#define SERVICE_EVENTS_FORWARD_NATS_CONNECTION_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/events/forward/target.h"
#include "upstream/http/options.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::events {

struct NatsOptions {
  std::vector<std::string> servers;  // "nats://host:4222", "tls://host:4222"; no others are used
  std::string stream;
  std::string subject;  // what the subjects of events begin with
  // Publications at a time; each has a thread.
  size_t threads = 4;
  http::TlsOptions tls = {};  // for servers with tls://
  // User and password, or a file of credentials: JWT and seed; or neither.
  std::string user = {};
  std::string password = {};
  std::string credentials_file = {};
  std::string credentials = {};  // the content of the file: so options with a new content differ
  // The longest pause of the forwarder. A stream with a shorter duplicate window may store an event
  // twice; a warning is logged then.
  absl::Duration longest_pause = absl::Minutes(10);

  bool operator==(const NatsOptions&) const = default;
};

// OK if the address can be used: "nats://" or "tls://", a host and a port, and nothing else.
absl::Status CheckNatsServer(absl::string_view server);

class NatsConnection {
 public:
  // INVALID_ARGUMENT if the library refuses an option, such as a certificate.
  static absl::StatusOr<std::unique_ptr<NatsConnection>> Create(NatsOptions options);
  ~NatsConnection();
  NatsConnection(const NatsConnection&) = delete;
  NatsConnection& operator=(const NatsConnection&) = delete;

  HandoverResult Publish(const std::string& subject, const Message& message, SteadyTime deadline);
  // Publications that are under way end soon, and no further one begins.
  void Close();

  const NatsOptions& options() const { return options_; }

 private:
  struct Library;  // the library's objects

  NatsConnection(NatsOptions options, std::unique_ptr<Library> library);

  // Returns null, and sets `reason`, if there is no connection at the moment.
  std::shared_ptr<Library> Connected(std::string& reason);
  // Looks for the stream until the server has answered once. Returns the problem if the stream does
  // not exist; else "", also if the server does not answer the question. Takes at most a quarter of
  // the time that is left.
  std::string AgainstStream(Library& library, absl::Duration left);

  const NatsOptions options_;
  const std::unique_ptr<Library> prepared_;  // has only `opts`
  Mutex mutex_;
  std::shared_ptr<Library> library_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_FORWARD_NATS_CONNECTION_H_
