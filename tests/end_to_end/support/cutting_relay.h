// Relays between a gRPC client and a gateway, and cuts all connections on command: to the client it
// looks as if the gateway had been killed. Connections made after the cut work.
//
//   CuttingRelay relay(stack.gateway().port());
//   Caller caller(relay.port(), kServiceConfig);
//   relay.Cut();
//
// Thread-safety: Cut may be called from any thread. Errors: a failing system call ends the program.
#ifndef TESTS_END_TO_END_SUPPORT_CUTTING_RELAY_H_
#define TESTS_END_TO_END_SUPPORT_CUTTING_RELAY_H_

#include <mutex>
#include <thread>
#include <vector>

namespace gateway::end_to_end {

class CuttingRelay {
 public:
  explicit CuttingRelay(int target_port);
  ~CuttingRelay();
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  int port() const { return port_; }

  // Closes the client's side of all connections immediately. The gateway's side stays open, as if
  // the client had vanished without closing, so the gateway continues its calls.
  void Cut();

 private:
  void Accept();
  // Forwards bytes until either side ends.
  static void Pass(int from, int to);

  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  std::thread acceptor_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<int> client_sides_;
  std::vector<int> gateway_sides_;
  std::vector<std::thread> passers_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_CUTTING_RELAY_H_
