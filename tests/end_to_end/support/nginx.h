// nginx between gRPC clients and gateways. It treats the gateways as servers of one service.
//
//   Nginx nginx({relay.port(), stack.gateway().port()}, "error timeout non_idempotent");
//   Caller caller(nginx.port());
//
// Thread-safety: one thread. Lifetime: the destructor kills the process. Errors: a failing system
// call, or an nginx that does not listen within a minute, ends the program.
#ifndef TESTS_END_TO_END_SUPPORT_NGINX_H_
#define TESTS_END_TO_END_SUPPORT_NGINX_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/service/child_process.h"
#include "tests/service/temp_dir.h"

namespace gateway::end_to_end {

class Nginx {
 public:
  static bool IsInstalled();

  // `gateways`: ports on 127.0.0.1. nginx uses the first, and the others only as backups.
  // `next_upstream`: the words of grpc_next_upstream; "" keeps nginx's default.
  Nginx(const std::vector<int>& gateways, const std::string& next_upstream);
  ~Nginx();
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  int port() const { return port_; }

 private:
  TempDir folder_;
  int port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_NGINX_H_
