// EventService/Acknowledge and ModifyAckDeadline: what a consumer says of events that it was given.
#ifndef SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_
#define SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Calls that own themselves. All that is given outlives them.
UnaryCall* NewAcknowledge(const Surroundings& surroundings, Method& method,
                          const EventSurroundings& events, grpc::CallbackServerContext& context,
                          grpc::ByteBuffer& reply);
UnaryCall* NewModifyAckDeadline(const Surroundings& surroundings, Method& method,
                                const EventSurroundings& events,
                                grpc::CallbackServerContext& context, grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_ACKNOWLEDGE_CALL_H_
