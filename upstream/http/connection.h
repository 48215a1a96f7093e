// One connection to the upstream, opened by libcurl, and the one exchange on it at a time:
//
//   idle --Begin--> busy: request bytes out, reply bytes in --OnReady--> idle, or closed
//
// Every byte of an exchange passes through this class, so that it can give two guarantees:
//
// - Error::sent is false as long as no byte of the request was handed to the socket, or to TLS. If
//   an error comes before that, the request may go out on another connection, even for a write.
// - A reply belongs to the request before it. If bytes or the connection's end can be read between
//   two exchanges, the connection is closed. The event loop checks this when the socket becomes
//   readable, and Begin checks it before it sends a request. The check reads through libcurl, not
//   from the socket: session tickets and key updates of TLS make a socket readable, but are not
//   bytes of a reply. A part of a TLS record counts as bytes, because nobody can tell what it is
//   before the rest has come.
//
// Thread-safety: all methods may be called from any thread; one lock guards them all, and no method
// blocks. Lifetime: shared by the pool, by whoever sends on it, and by the event loop.
#ifndef UPSTREAM_HTTP_CONNECTION_H_
#define UPSTREAM_HTTP_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "upstream/http/curl_handle.h"
#include "upstream/http/message.h"
#include "upstream/http/options.h"
#include "upstream/http/origin.h"
#include "upstream/http/request_writer.h"
#include "upstream/http/response_reader.h"
#include "upstream/http/transport.h"
#include "upstream/mutex.h"
#include "upstream/steady_time.h"

namespace gateway::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using CallId = Transport::CallId;

  // `easy` has connected (CURLOPT_CONNECT_ONLY), `fd` is its socket.
  Connection(EasyHandle easy, int fd, std::shared_ptr<Share> share, const Origin& origin,
             const Options& options);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  SteadyTime created() const { return created_; }

  enum class Begun {
    kYes,
    // Writing failed after a part of the request. OnReady must be called to end the exchange,
    // because perhaps no event will come.
    kNeedsAttention,
    // The connection is closed. No byte of the request was sent.
    kUnusable,
    // As kUnusable, but the connection was closed before Begin: by OnReady, which has reported
    // that, or by GiveUp.
    kClosedBefore,
    // The request's deadline has passed. No byte of the request was sent, and the connection is as
    // it was.
    kExpired,
  };
  // Sends the request, or as much of it as the socket takes; the rest follows in OnReady. A request
  // whose deadline has passed is not begun, however late the caller comes.
  Begun Begin(CallId call, std::shared_ptr<const Request> request);

  // The end of an exchange, or of an idle connection.
  struct Ended {
    CallId call = 0;  // 0: none, the connection was idle
    Result result = {};
    bool reused = false;  // the call was answered on a connection that had served another before
    // Set if a connection that had served an exchange before has failed before any byte of the
    // reply: the time at which the request was begun.
    std::optional<SteadyTime> lost = std::nullopt;
    // Whether the connection may serve another request, until `keep_until`.
    bool keep = false;
    // The connection could have been kept, but it ended or bytes came that no request asked for.
    bool unasked = false;
    SteadyTime keep_until = SteadyTime::InfiniteFuture();
  };
  struct Progress {
    std::optional<Ended> ended;
    bool more = false;  // OnReady stopped before the socket was drained: call it again soon
  };
  // Reads and writes as much as the socket allows. `peer_ended` is true if no bytes will come after
  // the bytes that can be read now, so that the reply is the last one. This is remembered, because
  // perhaps no event reports it again.
  Progress OnReady(bool peer_ended);

  // How far an exchange had come when it was given up.
  struct GivenUp {
    bool sent = false;
    // The whole request was sent, no byte of the reply came, and the connection had served an
    // exchange before.
    bool silent = false;
    std::optional<SteadyTime> begun;  // nullopt if the exchange had not begun
    std::optional<Response> head;     // set if the head of the reply has arrived
  };
  // Closes the connection. `call` is the call that was on the connection, or was about to begin.
  GivenUp GiveUp(CallId call);

  // Closes the connection in any state.
  void Close();
  bool is_closed() const;

  // When the last byte came, or else when the connection was made.
  SteadyTime last_byte() const;

 private:
  enum class State { kIdle, kBusy, kClosed };
  enum class Io { kDone, kAgain, kEnd, kFailed };

  bool IsQuiet() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsClean() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsCleanBehindReply() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Io Receive(char* buffer, size_t size, size_t& count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Io ReadReply(bool& more) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Ended EndExchange() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Error BrokenError() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int fd_;
  const SteadyTime created_ = SteadyTime::Now();
  const Origin origin_;
  const int64_t max_requests_;

  mutable Mutex mutex_;
  // Declared before easy_, which uses the share until easy_ is destroyed.
  std::shared_ptr<Share> share_ ABSL_GUARDED_BY(mutex_);
  EasyHandle easy_ ABSL_GUARDED_BY(mutex_);
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  bool peer_ended_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t requests_ ABSL_GUARDED_BY(mutex_) = 0;
  SteadyTime last_byte_ ABSL_GUARDED_BY(mutex_) = created_;
  // The present exchange; valid while kBusy.
  CallId call_ ABSL_GUARDED_BY(mutex_) = 0;
  RequestWriter writer_ ABSL_GUARDED_BY(mutex_);
  ResponseReader reader_ ABSL_GUARDED_BY(mutex_);
  SteadyTime begun_ ABSL_GUARDED_BY(mutex_);
  bool sent_ ABSL_GUARDED_BY(mutex_) = false;
  bool write_failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool got_byte_ ABSL_GUARDED_BY(mutex_) = false;
  bool leftover_ ABSL_GUARDED_BY(mutex_) = false;  // bytes after the reply
};

}  // namespace gateway::http

#endif  // UPSTREAM_HTTP_CONNECTION_H_
