// Receives webhooks over HTTP/1.1, in TLS or in plain text: POST /webhooks/{provider} or
// /webhooks/{provider}/{account}, and nothing else.
//
//   answer  reason
//   204     the event is durable, or was known already
//   400     not strict HTTP/1.1 (see strict_head.h)
//   401     not genuine; the answer does not say which check failed
//   404     any other path or method
//   503     too large, too many at once, too many failures of the address, or the log cannot take
//           it. Not a 4xx, since the limits are the gateway's: the provider has to send it again,
//           and some providers never do so after a 4xx.
//
// One thread does the I/O and checks the signatures. It never blocks: the answer is sent when the
// log says that the event is durable. These are limited: connections, the bytes of a head, of a
// body and of all bodies under way, the bytes between the chunks of a body (see body_reader.h), the
// time of a request, and the failures of an address. An exception ends only the connection that it
// came from; it is logged and counted.
//
//   auto receiver = Receiver::Create({.listen = "127.0.0.1:8081"}, intake);
//
// Thread-safety: Create, Stop and the destructor belong to one thread; the counters may be read
// from any. Lifetime: `intake` and its log outlive it. The destructor waits for the answers of the
// log.
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
  // Returns the TLS context of the next connection: see MakeTlsContext. Called on the receiver's
  // thread. If `tls` is null, or returns null: plain text.
  std::function<std::shared_ptr<boost::asio::ssl::context>()> tls = nullptr;
  size_t max_connections = 512;
  size_t max_header_bytes = size_t{16} * 1024;
  // The limit for the time from the first byte of a request to its last.
  absl::Duration request_timeout = absl::Seconds(10);
  absl::Duration idle_timeout = absl::Minutes(1);
  int64_t max_failures_per_second = 100;  // of one address; 0: no limit
  // The limit for all bodies together that are being read.
  size_t max_unread_bytes = size_t{64} << 20;
};

class Receiver {
 public:
  // Why a request, or its connection, was ended before the webhook was verified.
  enum Turned : uint8_t {
    kMalformed,
    kElsewhere,
    kTooLarge,
    kTooSlow,
    kOverloaded,
    kBlocked,
    kFailed,  // an exception in the receiver
  };
  static constexpr std::array kAllTurned = {kMalformed,  kElsewhere, kTooLarge, kTooSlow,
                                            kOverloaded, kBlocked,   kFailed};
  static const char* Name(Turned turned);

  // UNAVAILABLE if it cannot listen on the address.
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
