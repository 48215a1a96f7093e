// One accepted connection: requests are read one by one, and replies are written as bytes, so that
// a fault can cut a reply anywhere.
//
//   while (connection.ReadRequest(received, refused_status) == Connection::Read::kRequest) {
//     connection.Write(ReplyText(reply, connection.keep_alive()));
//   }
//
// Only ShutDown may be called from another thread. Owns the socket. Every wait has a time limit.
#ifndef UPSTREAM_SANDBOX_HTTP_CONNECTION_H_
#define UPSTREAM_SANDBOX_HTTP_CONNECTION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/sandbox/http/message.h"

namespace gateway::sandbox {

// Returns the bytes of the reply. `keep_alive`: the connection stays open after the reply.
std::string ReplyText(const Reply& reply, bool keep_alive, bool head_only = false);

class Connection {
 public:
  enum class Read {
    kRequest,  // `received` holds a whole request
    kRefused,  // not acceptable HTTP: `refused_status` says why; close the connection
    kEnd,      // the peer closed the connection or sent nothing for too long
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

  // Returns false if the peer is gone or does not read in time.
  bool Write(absl::string_view bytes);
  // Waits for `time`. Returns true if the peer is still connected then, false as soon as it is
  // gone.
  bool Stays(absl::Duration time);
  // Makes the close of the socket send a TCP reset instead of an orderly end.
  void Reset();
  // Ends the sending side, then waits until the peer closes, at most 2 seconds.
  void EndGently();
  // Ends all reading, now and later. May be called from any thread.
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
