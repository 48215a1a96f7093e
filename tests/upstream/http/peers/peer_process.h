// nginx and haproxy in front of a test's server: peers written by others. A peer forwards each
// request once, over a connection of its own. It keeps idle client connections for kPeerKeepAlive
// and does not announce this time.
//
// Thread-safety: none. Lifetime: the destructor ends the processes and removes their files. Errors:
// a failing system call ends the program.
//
//   Peer peer(Peer::Kind::kNginx, server.port(), certificate);
//   transport->Send(Post(peer.Url(Wire::kTls, "/x"), "{}"), ...);
//   peer.Reload();
#ifndef TESTS_UPSTREAM_HTTP_PEERS_PEER_PROCESS_H_
#define TESTS_UPSTREAM_HTTP_PEERS_PEER_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/service/child_process.h"
#include "tests/upstream/http/test_certificate.h"
#include "tests/upstream/http/transport/transport_test_util.h"

namespace gateway::http {

inline constexpr absl::Duration kPeerKeepAlive = absl::Seconds(1);

class Peer {
 public:
  enum class Kind { kNginx, kHaproxy };

  // Whether this host has the program.
  static bool IsInstalled(Kind kind);

  // Returns when the peer accepts connections. The backend listens on 127.0.0.1.
  Peer(Kind kind, int backend_port, const TestCertificate& certificate);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::string Url(Wire wire, absl::string_view path) const;

  // Starts new processes; the old ones end when their connections end. Does not wait for that.
  void Reload();
  // Number of reloads so far. For haproxy, waits until the replaced processes have ended.
  int CountReloads();

 private:
  std::string Configuration(int backend_port) const;
  void Start(std::vector<std::string> more_arguments = {});

  const Kind kind_;
  std::string folder_;
  const int plain_port_;
  const int tls_port_;
  // The last process serves; the earlier ones have been told to end.
  std::vector<std::unique_ptr<ChildProcess>> processes_;
};

std::string Name(Peer::Kind kind);

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_PEERS_PEER_PROCESS_H_
