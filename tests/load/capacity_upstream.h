// An HTTP/1.1 server on 127.0.0.1 with the capacity of a real one: W workers take a time S per
// request, and requests wait in a first-come, first-served queue. A chosen share of the requests
// gets a fault. The server counts what it receives.
//
//   GET or POST .../orders/{marker}[/...]   ->  wait for a worker, wait S, then `reply` or a fault
//
// A single thread does everything; it never sleeps for a request.
//
// Thread-safety: all methods may be called from any thread.
// Lifetime: the destructor closes every connection and joins the thread.
// Errors: a failing system call ends the program.
//
//   CapacityUpstream upstream({.workers = 16, .service_time = absl::Milliseconds(20)});
//   ... upstream.Url() ...
//   EXPECT_EQ(upstream.counters().writes.at(marker), 1);
#ifndef TESTS_LOAD_CAPACITY_UPSTREAM_H_
#define TESTS_LOAD_CAPACITY_UPSTREAM_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/upstream/http/guarded.h"

namespace gateway::load {

// Faults that can follow the execution of a request.
enum class Fault { kNone, kClose, kReset, kServerError, kStall };
inline constexpr size_t kFaults = 5;

class CapacityUpstream {
 public:
  struct Options {
    int workers = 16;
    // Varies by 10 % per request. With a constant time, workers that once started together would
    // always end together, and a waiting request would always wait for a full service time.
    absl::Duration service_time = absl::Milliseconds(20);
    // The percentage of requests that get a fault; the seed determines which fault.
    double fault_percent = 0;
    uint64_t seed = 1;
    std::string reply = R"({"id": "1"})";
    // The reply to requests whose path ends with /tags.
    std::string reply_to_tags = "[]";
  };

  struct Counters {
    int64_t requests = 0;  // complete ones
    int64_t faults[kFaults] = {};
    size_t most_waiting = 0;  // maximum length of the queue
    size_t connections = 0;   // open now
    // Number of complete POST requests received, by marker.
    std::unordered_map<uint64_t, int> writes;
  };

  explicit CapacityUpstream(Options options);
  ~CapacityUpstream();
  CapacityUpstream(const CapacityUpstream&) = delete;
  CapacityUpstream& operator=(const CapacityUpstream&) = delete;

  std::string Url() const;

  // Requests per second that it can answer.
  double capacity() const;

  Counters counters() const;

  // Returns false if fewer requests arrived within 10 seconds.
  bool WaitForRequests(int64_t count) const;

 private:
  using Clock = std::chrono::steady_clock;

  struct Connection {
    int fd;
    std::string input;
    std::string output;
    bool busy = false;      // its request waits or is being served
    bool for_tags = false;  // that request is for /tags
  };

  void Listen();
  void Run();
  void Accept();
  void OnConnection(uint64_t id, uint32_t events);
  void TakeRequest(uint64_t id, Connection& connection);
  void Record(absl::string_view request_line);
  void StartWaiting();
  void EndWork();
  void Answer(uint64_t id, Fault fault);
  // Returns false if the connection is gone.
  bool Flush(uint64_t id, Connection& connection);
  void Close(uint64_t id, bool reset = false);
  void SetTimer();
  Fault Draw();

  const Options options_;
  int port_ = 0;
  int listener_ = -1;
  int poller_ = -1;
  int timer_ = -1;
  int stop_ = -1;

  // Used only by the thread.
  std::mt19937_64 random_;
  uint64_t next_id_;
  std::map<uint64_t, Connection> connections_;
  std::deque<uint64_t> waiting_;  // IDs of connections, as in working_
  std::multimap<Clock::time_point, uint64_t> working_;

  http::Guarded<Counters> counters_;

  std::thread thread_;
};

}  // namespace gateway::load

#endif  // TESTS_LOAD_CAPACITY_UPSTREAM_H_
