// The events of a stream that the consumer has neither acknowledged nor given back: those that are
// being written to it, and those that it has.
//
// Thread-safety: none. Memory: at most as many events as a subscription may have open. If a
// consumer never acknowledges, its oldest events are forgotten: they come back after their
// deadlines.
#ifndef SERVICE_CALL_EVENTS_HAND_OUTS_H_
#define SERVICE_CALL_EVENTS_HAND_OUTS_H_

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "service/events/ack_id.h"
#include "service/events/deliveries.h"

namespace gateway {

class HandOuts {
 public:
  // By the event's number. An event that is handed out again gets a new ack id.
  using ByNumber = std::map<int64_t, events::AckId>;

  void Writing(ByNumber hand_outs) { being_written_ = std::move(hand_outs); }

  void Written() {
    for (const auto& [number, id] : being_written_) out_[number] = id;
    being_written_.clear();
    while (out_.size() > events::Deliveries::kMostOpen) out_.erase(out_.begin());
  }

  // Returns the events that were being written, and forgets them.
  ByNumber TakeUnwritten() { return std::exchange(being_written_, {}); }

  // The consumer has acknowledged these events, or given them back. This may come before Written is
  // called.
  void Forget(const std::vector<events::AckId>& ids) {
    for (const events::AckId& id : ids) {
      out_.erase(id.number);
      being_written_.erase(id.number);
    }
  }

  // The events that the consumer has.
  const ByNumber& out() const { return out_; }

 private:
  ByNumber being_written_;
  ByNumber out_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_HAND_OUTS_H_
