// What becomes of events that nobody has signed. Each is read anew before it is handed out, and
// what the read does not bear out is not handed out:
//
//   borne out              handed out: what the read shows, not what the event says
//   there is no such thing done with: it was made up
//   not borne out          comes again after its deadline, for the upstream may show it late; after
//                          kMostDoubts tries it is done with
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

// Whether the event was sent by who may be anybody: its provider signs nothing.
bool IsUnsigned(const OpenedEvent& event, const webhooks::Schemes& schemes);

// Takes out of both lists, which are of one length, what is not handed out. Returns what is done
// with: it is to be acknowledged.
std::vector<events::AckId> TakeOutUntrue(const webhooks::Schemes& schemes,
                                         std::vector<OpenedEvent>& opened,
                                         std::vector<Current>& currents);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_UNSIGNED_EVENTS_H_
