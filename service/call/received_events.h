// From events that the log has handed out to the bytes of a gateway.events.v1.PullResponse.
//
// Thread-safety: a pure function, but for the log.
#ifndef SERVICE_CALL_RECEIVED_EVENTS_H_
#define SERVICE_CALL_RECEIVED_EVENTS_H_

#include <string>
#include <vector>

#include "service/events/event_log.h"
#include "service/generation/events_in_use.h"
#include "upstream/mapping/drift.h"
#include "upstream/webhooks/event_reader.h"

namespace gateway {

struct ShownEvents {
  std::string response;  // a serialized PullResponse
  std::vector<mapping::Drift> drift;
};

// An event that cannot be decrypted is left out, and logged: nobody acknowledges it, so it comes
// again, and becomes a dead letter in the end, which can be handed out when its key is back. One
// that is genuine and cannot be read is shown as it came.
ShownEvents ShowReceived(const std::vector<events::Received>& received,
                         const std::string& subscription, const EventsInUse& events,
                         const webhooks::EventReader& reader);

}  // namespace gateway

#endif  // SERVICE_CALL_RECEIVED_EVENTS_H_
