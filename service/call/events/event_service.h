// gateway.events.v1.EventService: its operations, and the endpoint for each.
#ifndef SERVICE_CALL_EVENTS_EVENT_SERVICE_H_
#define SERVICE_CALL_EVENTS_EVENT_SERVICE_H_

#include <string>
#include <vector>

#include "service/call/call_frame.h"
#include "service/call/events/event_call.h"
#include "service/call/method.h"

namespace gateway {

struct EventOperation {
  Operation operation;
  std::string path;
  bool audited;
};
// The operations of the service, in the order of its proto.
std::vector<EventOperation> EventOperations();

// Returns the endpoint of the method, which must be one of EventOperations. All arguments must
// outlive its calls.
Endpoint EventEndpoint(const Surroundings& surroundings, Method& method,
                       const EventSurroundings& events);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_EVENT_SERVICE_H_
