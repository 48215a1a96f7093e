#include "service/call/events/unsigned_events.h"

#include <cstddef>
#include <utility>

namespace gateway {

bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes) {
  const events::Head& head = event.received.event.event.head;
  const webhooks::Scheme* const scheme = schemes.Find(head.provider);
  return head.origin != events::Origin::kSweep && scheme != nullptr && !scheme->has_signature();
}

std::vector<events::AckId> TakeOutUntrue(const webhooks::Schemes& schemes,
                                         std::vector<OpenedEvent>& opened,
                                         std::vector<Current>& currents) {
  std::vector<events::AckId> done;
  std::vector<OpenedEvent> shown;
  std::vector<Current> of_shown;
  for (size_t i = 0; i < opened.size(); ++i) {
    const Current::Truth truth = currents[i].truth;
    const bool doubted = opened[i].received.attempt >= kMostDoubts;
    if (!IsUnsigned(opened[i], schemes) || truth == Current::kBornOut) {
      shown.push_back(std::move(opened[i]));
      of_shown.push_back(std::move(currents[i]));
    } else if (truth == Current::kAbsent || (truth == Current::kNotBornOut && doubted)) {
      done.push_back(opened[i].received.ack_id);
    }
  }
  opened = std::move(shown);
  currents = std::move(of_shown);
  return done;
}

}  // namespace gateway
