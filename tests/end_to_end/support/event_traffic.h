// Those who send webhooks to gateways and those who take events from them, each in threads of its
// own, while the test kills the gateways; and what consumers have heard.
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

// What consumers were handed, what they said "done" to, and where they heard that it counts. A kill
// may come between the last two: then the gateway knows, and the consumer does not.
class Heard {
 public:
  void Seen(const std::string& id);
  void Said(const std::vector<std::string>& ids);
  void Done(const std::vector<std::string>& ids);

  size_t said() const;
  size_t done() const;
  // How often each was handed out.
  std::map<std::string, int> seen() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, int> seen_;
  std::set<std::string> said_;
  std::set<std::string> done_;
};

// Send each event to one of the gateways until it is taken, in a random order, with duplicates
// (also to another gateway) and forged ones between.
class EventSenders {
 public:
  EventSenders(EventGateways gateways, int events, uint32_t seed);
  void Join();

  int forged_taken() const { return forged_taken_; }
  // Deliveries without a 2xx.
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

// Pull at one gateway and acknowledge at the next, from the subscription "all". Now and then one
// dies before it acknowledges.
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
