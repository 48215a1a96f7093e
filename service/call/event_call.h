// Calls of gateway.events.v1.EventService: events that were received are handed to consumers until
// they say "done".
//
// A policy's rule may have stores and upstreams: then it covers the subscriptions that the
// configuration limits to these.
#ifndef SERVICE_CALL_EVENT_CALL_H_
#define SERVICE_CALL_EVENT_CALL_H_

#include <string>
#include <vector>

#include "service/call/call_frame.h"
#include "service/call/in_flight.h"
#include "service/call/method.h"
#include "service/generation/events_in_use.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

// What the calls of the service share. All of it outlives them.
struct EventSurroundings {
  EventsInUse& events;
  const webhooks::EventReader& reader;
  // Pulls that wait for an event. A drain ends them by AbortAll: each is answered without events,
  // at once, and those that come later do not wait.
  InFlight& pulls;
};

struct EventOperation {
  Operation operation;
  std::string path;
  bool audited;
};
// The operations of the service, in the order of its proto.
std::vector<EventOperation> EventOperations();

// What serves the method, which is one of EventOperations. All that is given outlives its calls.
Endpoint EventEndpoint(const Surroundings& surroundings, Method& method,
                       const EventSurroundings& events);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENT_CALL_H_
