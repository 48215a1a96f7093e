// One accepted connection of the HTTP server, and the set of all that are open.
//
// cpp-httplib keeps an idle connection's thread in a wait that Server::stop() does not end. Here a
// stop shuts the sockets down, so that every wait returns at once; and poll() knows no limit on
// descriptor numbers, select() does.
#ifndef UPSTREAM_SANDBOX_CONNECTION_H_
#define UPSTREAM_SANDBOX_CONNECTION_H_

#include <httplib.h>

#include <array>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>

namespace gateway::sandbox {

// Thread-safe.
class OpenSockets {
 public:
  // False once ShutDown was called: the caller must not serve the socket.
  bool Add(int socket);
  void Remove(int socket);
  // Ends all waits on the sockets; those that serve them close them.
  void ShutDown();

 private:
  std::mutex mu_;
  // Guarded by mu_.
  bool shut_down_ = false;
  std::set<int> sockets_;
};

// A buffered socket. Used by one thread; does not own the socket.
class Connection : public httplib::Stream {
 public:
  Connection(int socket, int timeout_ms) : socket_(socket), timeout_ms_(timeout_ms) {}

  // Waits for the next request's first byte; false when there will be none within the time.
  bool AwaitRequest(int timeout_ms);

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* data, size_t size) override;
  using httplib::Stream::write;
  ssize_t write(const char* data, size_t size) override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  bool Wait(short events, int timeout_ms) const;

  const int socket_;
  const int timeout_ms_;
  std::array<char, 16384> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// Serves connections by the two classes above.
class HttpServer : public httplib::Server {
 public:
  // Ends all connections; to be called after stop().
  void ShutDownConnections() { open_sockets_.ShutDown(); }

 private:
  bool process_and_close_socket(socket_t socket) override;

  // Serves one request. `Self` is this class: as a template it takes either form of what it calls.
  template <typename Self>
  static bool ServeOne(Self& self, Connection& connection, bool last, bool& closed);

  OpenSockets open_sockets_;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_CONNECTION_H_
