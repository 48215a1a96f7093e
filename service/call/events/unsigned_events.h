// What becomes of events that nobody has signed. Each is read anew before it is handed out, and
// what the read does not bear out is not handed out:
//
//   borne out              handed out: what the read shows, not what the event says
//   there is no such thing done with: it was made up
//   not borne out          comes again after its deadline, for the upstream may show it late; after
//                          events::Deliveries::kMostDoubts of these it is done with
//   the read failed, or    comes again after its deadline, as often as that is so
//   the gateway knows no
//   read of the provider
//
// No such try counts towards `max_attempts`: no consumer has seen it.
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

// Whether the event was sent by who may be anybody: it was stored as such, or its provider signs
// nothing.
bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes);

// Hand-outs of events that are not handed out.
struct UntrueEvents {
  std::vector<events::AckId> invented;
  std::vector<events::AckId> doubted;
  std::vector<events::AckId> unknown;
};

// Takes them out of both lists, which are of one length.
UntrueEvents TakeOutUntrue(const webhooks::Schemes& schemes, std::vector<OpenedEvent>& opened,
                           std::vector<Current>& currents);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
