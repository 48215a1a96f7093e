// Hosts of a test's own: network namespaces behind a pair of virtual interfaces each, with one
// address that any of them may have. Packets to a host that was cut off vanish: no end, no reset.
//
// Needs root and `ip` (Debian: iproute2).
//
// Thread-safety: one thread. Lifetime: the destructor takes namespaces and interfaces away;
// servers within must be gone before. Errors: where IsPermitted, what the system refuses ends the
// program.
//
//   NetworkNamespace host("a");
//   host.TakeAddress();
//   auto server = host.Run([&] { return std::make_unique<ScriptedServer>(...); });
//   host.CutOff();
#ifndef TESTS_UPSTREAM_HTTP_NETWORK_NAMESPACE_H_
#define TESTS_UPSTREAM_HTTP_NETWORK_NAMESPACE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway::http {

class NetworkNamespace {
 public:
  // Whether such hosts can be made here; else why not.
  static bool IsPermitted(std::string& why);

  // `name`: one letter, of this program's hosts.
  explicit NetworkNamespace(absl::string_view name);
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  // Of all hosts; which one it leads to, TakeAddress decides.
  static std::string Address();
  void TakeAddress();

  // From now on no packet arrives there, and none leaves.
  void CutOff();

  // Runs `action` there, on a thread of its own; sockets that it opens are the host's.
  void Run(const std::function<void()>& action) const;

 private:
  const std::string namespace_;
  const std::string interface_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_NETWORK_NAMESPACE_H_
