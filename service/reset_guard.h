// Closes connections whose clients break off calls faster than anybody has reason to: each reset is
// cheap for the one who sends it, and costs a call here ("rapid reset"). gRPC 1.51 has no limit for
// it.
//
// What gRPC counts for each of its connections, it shows through channelz, and it offers no way to
// close one. So the guard finds the connection's socket among the descriptors of this process, by
// the address of its peer, and shuts it down; gRPC then ends its calls as after any lost
// connection.
//
//   ResetGuard guard(port, 1000, 1000);  // looks several times a second, in a thread of its own
//
// Thread-safety: one thread. Lifetime: the server of this port must outlive it.
#ifndef SERVICE_RESET_GUARD_H_
#define SERVICE_RESET_GUARD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace gateway {

class ResetGuard {
 public:
  // `most_per_second`: calls that a client may break off on one connection; as many at once.
  // `max_streams`: calls that it may have open.
  ResetGuard(int port, int64_t max_streams, int64_t most_per_second);
  ~ResetGuard();
  ResetGuard(const ResetGuard&) = delete;
  ResetGuard& operator=(const ResetGuard&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  void Run();
  void Look(double seconds);

  const int port_;
  const int64_t max_streams_;
  const int64_t most_per_second_;

  struct Seen {
    int64_t broken_off = 0;  // so far
    double left = 0;         // that it may break off now
  };

  // The thread's own, by channelz's number of the connection.
  std::map<int64_t, Seen> seen_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_

  std::thread thread_;
};

}  // namespace gateway

#endif  // SERVICE_RESET_GUARD_H_
