// What becomes of events that nobody has signed. Before such an event is handed out, its object is
// read from the upstream, and the event is handed out only if the read confirms it:
//
//   result of the read     what becomes of the event
//   it confirms the event  handed out, with what the read shows instead of what the event says
//   there is no object     acknowledged for the consumer: the event was made up
//   it does not confirm    comes again after its deadline, because the upstream may show the change
//                          late; acknowledged for the consumer after Deliveries::kMostDoubts of
//                          these
//   the read failed, or    comes again after its deadline, without a limit while there is room
//   none is known for the  (see Deliveries::Postpone)
//   provider
//
// "No object" includes an id that no request can name. "Does not confirm" includes an upstream that
// refuses the id.
//
// None of these tries counts toward `max_attempts`, because no consumer has seen the event.
//
// Thread-safety: pure functions.
#ifndef SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
#define SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_

#include <vector>

#include "service/call/events/current_reading.h"
#include "service/call/events/received_events.h"
#include "service/events/ack_id.h"
#include "upstream/webhooks/scheme.h"

namespace gateway {

// Whether anybody may have sent the event: it was stored as unsigned, or its provider signs
// nothing. False for the events of a sweep.
bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes);

// The ack ids of events that are not handed out.
struct UntrueEvents {
  std::vector<events::AckId> invented;
  std::vector<events::AckId> doubted;
  std::vector<events::AckId> unknown;
};

// Removes from both lists, which must have the same length, the events that are not handed out.
// Returns their ack ids.
UntrueEvents TakeOutUntrue(const webhooks::Schemes& schemes, std::vector<OpenedEvent>& opened,
                           std::vector<Current>& currents);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
