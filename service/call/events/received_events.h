// From events that the log has handed out to the bytes of a gateway.events.v1.PullResponse, or of
// the beginning of a StreamingPullResponse: both have their events in field 1.
//
//   received -> OpenReceived -> (read anew what they are about) -> ShowEvents -> bytes
//
// Thread-safety: pure functions, but for the log.
#ifndef SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_
#define SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_

#include <string>
#include <vector>

#include "service/call/events/current_reading.h"
#include "service/events/event_log.h"
#include "service/generation/events_in_use.h"
#include "upstream/mapping/drift.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

struct OpenedEvent {
  events::Received received;
  std::string body;
};

// An event that cannot be decrypted is left out, and logged: nobody acknowledges it, so it comes
// again, and becomes a dead letter in the end, which can be handed out when its key is back.
std::vector<OpenedEvent> OpenReceived(std::vector<events::Received> received,
                                      const EventsInUse& events);

struct ShownEvents {
  std::string response;  // a serialized PullResponse
  std::vector<mapping::Drift> drift;
};

// One that is genuine and cannot be read is shown as it came; of one that nobody has signed, what
// the read has borne out. `currents`: for each event how things stand; empty, or an empty one,
// where nobody asked.
ShownEvents ShowEvents(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents,
                       const std::string& subscription, const EventsInUse& events,
                       const webhooks::EventReader& reader);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_
