// Turns events that the log has handed out into the bytes of a gateway.events.v1.PullResponse, or
// of the beginning of a StreamingPullResponse: both have their events in field 1.
//
//   received -> OpenReceived -> (CurrentReading) -> ShowEvents -> bytes
//
// Thread-safety: pure functions, except that they write log lines.
#ifndef SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_
#define SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "service/call/events/current_reading.h"
#include "service/call/events/hand_outs.h"
#include "service/events/event_log.h"
#include "service/generation/events_in_use.h"
#include "upstream/mapping/drift.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

struct OpenedEvent {
  events::Received received;
  std::string body;
};

// Decrypts the events. An event that cannot be decrypted is logged and left out. As nobody can
// acknowledge it, it is handed out again and at last becomes a dead letter, which can be
// redelivered when its key is back.
std::vector<OpenedEvent> OpenReceived(std::vector<events::Received> received,
                                      const EventsInUse& events);

HandOuts::ByNumber HandOutsOf(const std::vector<OpenedEvent>& opened);

// How many bytes the events and their objects count against a consumer's credits.
size_t CreditBytes(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents);

struct ShownEvents {
  std::string response;  // a serialized PullResponse
  std::vector<mapping::Drift> drift;
};

// A signed event that cannot be parsed is shown as raw bytes. An unsigned event is shown only with
// what the read has confirmed. `currents`: for each event the state of its object. The list, or an
// element of it, is empty if nothing was to be read.
ShownEvents ShowEvents(const std::vector<OpenedEvent>& opened, const std::vector<Current>& currents,
                       const std::string& subscription, const EventsInUse& events,
                       const webhooks::EventReader& reader);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_RECEIVED_EVENTS_H_
