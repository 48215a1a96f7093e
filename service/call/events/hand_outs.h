// The hand-outs of a stream that its consumer has not said anything of yet: what is being written
// to it, and what it has.
//
// Thread-safety: none. Memory: as many as a subscription has open at most. Of a consumer that never
// says what became of its events the oldest are forgotten: their deadlines give them back.
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
  // By the event's number: when it is handed out again, its lease is another one.
  using ByNumber = std::map<int64_t, events::AckId>;

  void Writing(ByNumber hand_outs) { being_written_ = std::move(hand_outs); }

  void Written() {
    for (const auto& [number, id] : being_written_) out_[number] = id;
    being_written_.clear();
    while (out_.size() > events::Deliveries::kMostOpen) out_.erase(out_.begin());
  }

  // What was being written, and has not been.
  ByNumber TakeUnwritten() { return std::exchange(being_written_, {}); }

  // The consumer is done with them, or has given them back; perhaps before it is known that they
  // were written.
  void Forget(const std::vector<events::AckId>& ids) {
    for (const events::AckId& id : ids) {
      out_.erase(id.number);
      being_written_.erase(id.number);
    }
  }

  // What it has.
  const ByNumber& out() const { return out_; }

 private:
  ByNumber being_written_;
  ByNumber out_;
};

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_HAND_OUTS_H_
