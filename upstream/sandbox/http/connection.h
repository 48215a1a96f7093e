// One accepted connection: requests come in one by one, replies go out as bytes, so that a fault
// can cut them anywhere.
//
//   while (connection.ReadRequest(received, refused_status)) connection.Write(ReplyText(reply));
//
// For one thread, but for ShutDown. Owns the socket. Every wait is bounded.
#ifndef UPSTREAM_SANDBOX_HTTP_CONNECTION_H_
#define UPSTREAM_SANDBOX_HTTP_CONNECTION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/sandbox/http/message.h"

namespace gateway::sandbox {

// The reply on the wire. `keep_alive`: the connection stays open behind it.
std::string ReplyText(const Reply& reply, bool keep_alive, bool head_only = false);

class Connection {
 public:
  enum class Read {
    kRequest,  // `received` is whole
    kRefused,  // no acceptable HTTP: `refused_status` says why; the connection must end
    kEnd,      // the peer has ended it, or was silent for too long
  };

  // `from_loopback`: the peer is on this machine.
  Connection(int socket, bool from_loopback) : socket_(socket), from_loopback_(from_loopback) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Read ReadRequest(Received& received, int& refused_status);
  // Whether the last request lets the connection stay open.
  bool keep_alive() const { return keep_alive_; }
  bool from_loopback() const { return from_loopback_; }

  // False when the peer is gone.
  bool Write(absl::string_view bytes);
  // True when the peer is still there after this time; false as soon as it is gone.
  bool Stays(absl::Duration time);
  // Ends the connection so that the peer sees a reset, not an end.
  void Reset();
  // Ends the connection after what was written has been read, or a little later.
  void EndGently();
  // Ends all reading, now and later. From any thread.
  void ShutDown();

 private:
  bool Wait(short events, absl::Duration time) const;
  bool Receive(absl::Duration time);

  const int socket_;
  const bool from_loopback_;
  bool keep_alive_ = true;
  std::string buffer_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HTTP_CONNECTION_H_
