// EventService/Acknowledge and ModifyAckDeadline: a consumer is done with events that it was given,
// needs more time for them, or gives them back.
#ifndef SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_
#define SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Each returns a new call, which owns itself. All arguments must outlive the call.
UnaryCall* NewAcknowledge(const Surroundings& surroundings, Method& method,
                          const EventSurroundings& events, grpc::CallbackServerContext& context,
                          grpc::ByteBuffer& reply);
UnaryCall* NewModifyAckDeadline(const Surroundings& surroundings, Method& method,
                                const EventSurroundings& events,
                                grpc::CallbackServerContext& context, grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_
