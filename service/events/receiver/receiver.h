// Receives webhooks over HTTP/1.1, in TLS or in plain text: POST /webhooks/{provider} or
// /webhooks/{provider}/{account}, and nothing else.
//
//   204  kept, durably, or known already          401  not genuine: without a word
//   400  no strict HTTP/1.1 (see strict_head.h)   404  any other path or method
//   503  too large, too much at once, or the log cannot take it: the limits are ours, so the
//        provider is to come again. A 4xx is final for some providers.
//
// One thread does the I/O and the signatures, and waits for nobody: the answer comes when the log
// says that the event is durable. Bounded: connections, a head's and a body's bytes, the bytes of
// all bodies that are under way, what stands beside a body (see body_reader.h), the time of a
// request, and failures of an address. A fault in here ends the connection that met it, is logged
// and counted, and the others are served on.
//
//   auto receiver = Receiver::Create({.listen = "127.0.0.1:8081"}, intake);
//
// Thread-safety: Create, Stop and the destructor belong to one thread; the counters may be read
// from any. Lifetime: `intake` and its log outlive it. The destructor waits for what the log still
// owes.
#ifndef SERVICE_EVENTS_RECEIVER_RECEIVER_H_
#define SERVICE_EVENTS_RECEIVER_RECEIVER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "service/events/receiver/intake.h"

namespace boost::asio::ssl {
class context;
}

namespace gateway::events {

struct ReceiverOptions {
  std::string listen;  // address and port; port 0: any that is free
  // What the next connection shows its peer: see MakeTlsContext. Called on the receiver's thread.
  // Null, or of a null: in plain text.
  std::function<std::shared_ptr<boost::asio::ssl::context>()> tls = nullptr;
  size_t max_connections = 512;
  size_t max_header_bytes = size_t{16} * 1024;
  // From the first byte of a request to its last.
  absl::Duration request_timeout = absl::Seconds(10);
  absl::Duration idle_timeout = absl::Minutes(1);
  int64_t max_failures_per_second = 100;  // of one address; 0: no limit
  // Of all bodies that are being read.
  size_t max_unread_bytes = size_t{64} << 20;
};

class Receiver {
 public:
  // What ended a request before anything was verified, or a connection.
  enum Turned : uint8_t {
    kMalformed,
    kElsewhere,
    kTooLarge,
    kTooSlow,
    kOverloaded,
    kBlocked,
    kFailed,  // by a fault of the receiver: an exception
  };
  static constexpr std::array kAllTurned = {kMalformed,  kElsewhere, kTooLarge, kTooSlow,
                                            kOverloaded, kBlocked,   kFailed};
  static const char* Name(Turned turned);

  // UNAVAILABLE where the address cannot be had.
  static absl::StatusOr<std::unique_ptr<Receiver>> Create(const ReceiverOptions& options,
                                                          Intake& intake);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  int port() const;
  // Takes no more connections, and ends those that have no request under way.
  void Stop();

  uint64_t turned(Turned turned) const;
  size_t connections() const;

 private:
  class Impl;
  explicit Receiver(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_RECEIVER_RECEIVER_H_
