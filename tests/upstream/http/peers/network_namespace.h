// Private hosts for a test: network namespaces, each behind a pair of virtual interfaces, with one
// address that any of them can take. Packets to a host that was cut off are lost, without FIN or
// RST.
//
// Needs root and `ip` (Debian: iproute2).
//
// Thread-safety: one thread. Lifetime: the destructor removes namespaces and interfaces; destroy
// the servers inside first. Errors: if IsPermitted, a failing system call ends the program.
//
//   NetworkNamespace host("a");
//   host.TakeAddress();
//   auto server = host.Run([&] { return std::make_unique<ScriptedServer>(...); });
//   host.CutOff();
#ifndef TESTS_UPSTREAM_HTTP_PEERS_NETWORK_NAMESPACE_H_
#define TESTS_UPSTREAM_HTTP_PEERS_NETWORK_NAMESPACE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::http {

class NetworkNamespace {
 public:
  // Whether this process may create such hosts; if not, sets `why`.
  static bool IsPermitted(std::string& why);

  // `name`: one letter, unique among the hosts of this program.
  explicit NetworkNamespace(absl::string_view name);
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  // The address shared by all hosts; TakeAddress decides which host it leads to.
  static std::string Address();
  void TakeAddress();

  // From now on no packet reaches this host, and none leaves it.
  void CutOff();

  // Runs `action` inside the host, on a separate thread; sockets that it opens belong to the host.
  void Run(const std::function<void()>& action) const;

 private:
  const std::string namespace_;
  const std::string interface_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_PEERS_NETWORK_NAMESPACE_H_
