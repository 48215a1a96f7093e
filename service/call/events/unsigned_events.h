// What becomes of events that nobody has signed. Before such an event is handed out, its object is
// read from the upstream, and the event is handed out only if the read confirms it:
//
//   result of the read     what becomes of the event
//   it confirms the event  handed out, with what the read shows instead of what the event says
//   there is no object     acknowledged for the consumer: the event was made up
//   it does not confirm    comes again after its deadline, because the upstream may show the change
//                          late; acknowledged for the consumer after kMostDoubts tries
//   the read failed        comes again after its deadline
//
// Thread-safety: pure functions.
#ifndef SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
#define SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_

#include <cstdint>
#include <vector>

#include "service/call/events/current_reading.h"
#include "service/call/events/received_events.h"
#include "service/events/ack_id.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {

inline constexpr int32_t kMostDoubts = 5;

// Whether anybody may have sent the event, because its provider signs nothing. False for the events
// of a sweep.
bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes);

// Removes from both lists, which must have the same length, the events that are not handed out.
// Returns the ack ids of those removed events that the caller must acknowledge.
std::vector<events::AckId> TakeOutUntrue(const webhooks::Schemes& schemes,
                                         std::vector<OpenedEvent>& opened,
                                         std::vector<Current>& currents);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
