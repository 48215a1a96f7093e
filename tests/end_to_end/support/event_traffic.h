// Threads that send webhooks to gateways, and threads that take events from them, while the test
// kills the gateways. Also keeps what the consumers received and acknowledged.
//
// Thread-safety: Heard may be used from any thread. The others belong to the test's thread.
// Lifetime: the gateways must outlive them.
#ifndef TESTS_END_TO_END_SUPPORT_EVENT_TRAFFIC_H_
#define TESTS_END_TO_END_SUPPORT_EVENT_TRAFFIC_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/support/event_gateway.h"

namespace gateway {

using EventGateways = std::vector<const EventGateway*>;

// The ids of events that consumers received (seen), tried to acknowledge (said), and were told that
// the gateway acknowledged (done). A kill may come between the last two: then the gateway has
// stored the acknowledgement, but the consumer does not know.
class Heard {
 public:
  void Seen(const std::string& id);
  void Said(const std::vector<std::string>& ids);
  void Done(const std::vector<std::string>& ids);

  size_t said() const;
  size_t done() const;
  // Returns how often each event was received.
  std::map<std::string, int> seen() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, int> seen_;
  std::set<std::string> said_;
  std::set<std::string> done_;
};

// Sends each event to one of the gateways until a gateway accepts it, with neighbouring events
// swapped. Some events are also sent twice (perhaps to another gateway), and forged ones are sent
// between.
class EventSenders {
 public:
  EventSenders(EventGateways gateways, int events, uint32_t seed);
  void Join();

  int forged_taken() const { return forged_taken_; }
  // Number of genuine deliveries that were not answered with 204.
  int tries() const { return tries_; }

 private:
  void Run(uint32_t seed);

  const EventGateways gateways_;
  const int events_;
  std::atomic<int> next_{0};
  std::atomic<int> tries_{0};
  std::atomic<int> forged_taken_{0};
  std::vector<std::thread> threads_;
};

// Pulls events of the subscription "all" at one gateway and acknowledges them at the next. Now and
// then a consumer drops its events instead, as if it had crashed.
class EventConsumers {
 public:
  EventConsumers(EventGateways gateways, uint32_t seed, Heard& heard);
  void Stop();

 private:
  void Run(size_t first, uint32_t seed);

  const EventGateways gateways_;
  Heard& heard_;
  std::atomic<bool> over_{false};
  std::vector<std::thread> threads_;
};

}  // namespace gateway

#endif  // TESTS_END_TO_END_SUPPORT_EVENT_TRAFFIC_H_
