// A tunneling proxy on 127.0.0.1: HTTP CONNECT or SOCKS 5, optionally with user name and password.
// It records the requested targets.
//
// Thread-safety: all methods may be called from any thread. Lifetime: the destructor ends all
// tunnels and joins their threads. Errors: a failing system call ends the program.
#ifndef TESTS_UPSTREAM_HTTP_TEST_PROXY_H_
#define TESTS_UPSTREAM_HTTP_TEST_PROXY_H_

#include <string>
#include <thread>
#include <vector>

#include "tests/upstream/http/guarded.h"

namespace gateway::http {

class TestProxy {
 public:
  enum class Kind { kHttp, kSocks5 };

  // `credentials`: "user:password"; empty: none are required. `target_port`: every tunnel leads to
  // this port of 127.0.0.1, whatever target was requested.
  TestProxy(Kind kind, std::string credentials, int target_port);
  ~TestProxy();
  TestProxy(const TestProxy&) = delete;
  TestProxy& operator=(const TestProxy&) = delete;

  std::string Url() const;

  // "name:port" of each requested tunnel.
  std::vector<std::string> asked() const;

 private:
  void Accept();
  void Serve(int client);
  bool AgreeHttp(int client);
  bool AgreeSocks5(int client);
  void Tunnel(int client);
  void Note(std::string target);

  const Kind kind_;
  const std::string credentials_;
  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  int stop_ = -1;  // an eventfd that becomes readable once and stays readable
  Guarded<std::vector<std::string>> asked_;
  std::vector<std::thread> tunnels_;  // used by the acceptor's thread
  std::thread acceptor_;
};

}  // namespace gateway::http

#endif  // TESTS_UPSTREAM_HTTP_TEST_PROXY_H_
