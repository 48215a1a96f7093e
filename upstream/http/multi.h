// One libcurl multi handle, with its connections, driven by a Poller.
//
// Thread-safety: none; it belongs to its event loop's thread.
// Lifetime: the poller must outlive it; every handle added must be removed before it is destroyed.
#ifndef UPSTREAM_HTTP_MULTI_H_
#define UPSTREAM_HTTP_MULTI_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/poller.h"

namespace gateway::http {

using Clock = std::chrono::steady_clock;

class Multi {
 public:
  struct Finished {
    void* owner;  // as given to Add
    CURLcode code;
  };

  // `poller` reports events of this object's sockets with the object itself as their owner.
  static absl::StatusOr<std::unique_ptr<Multi>> Create(Poller* poller, int max_connections,
                                                       int max_streams_per_connection);
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  // Whether the last attempt to open a socket met the process' limit of descriptors.
  bool lacks_descriptors() const { return lacks_descriptors_; }

  // Begins the transfer at the next RunTimer. `easy` must stay where it is until Remove.
  CURLcode Add(EasyHandle& easy, void* owner);

  // Closes an HTTP/1.1 connection, or resets an HTTP/2 stream, where the transfer is not over.
  void Remove(EasyHandle& easy);

  // To be called before Remove for a transfer that is not over. libcurl 7.88 only buffers an HTTP/2
  // reset, and sends it with the connection's next frame. So that the server hears of it now, a
  // connection that serves no other transfer is closed, and one that does is to be flushed after
  // Remove, by one of the others.
  void Abort(EasyHandle& easy);
  void Flush(EasyHandle& other);

  void OnSocket(int fd, uint32_t events);

  // Does what libcurl has planned until now.
  void RunTimer(Clock::time_point now);

  // When RunTimer is next to be called; time_point::max() for never.
  Clock::time_point timer() const { return timer_; }

  // Transfers that are over, one by one; each is still to be removed.
  std::optional<Finished> NextFinished();

  int transfers() const { return transfers_; }
  Clock::time_point created() const { return created_; }

 private:
  Multi(Poller* poller, MultiHandle handle) : poller_(poller), handle_(std::move(handle)) {}

  static int OnWatch(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int OnTimer(CURLM* multi, long milliseconds, void* self);
  static curl_socket_t OnOpen(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnClose(void* self, curl_socket_t fd);

  Poller* const poller_;
  const Clock::time_point created_ = Clock::now();
  bool lacks_descriptors_ = false;
  Clock::time_point timer_ = Clock::time_point::max();
  int transfers_ = 0;
  MultiHandle handle_;  // last: closes its connections through OnClose
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_MULTI_H_
