// EventService/Pull: the next events, or none shortly before the call's deadline.
#ifndef SERVICE_CALL_EVENTS_PULL_CALL_H_
#define SERVICE_CALL_EVENTS_PULL_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Calls that own themselves. All that is given outlives them.
UnaryCall* NewPull(const Surroundings& surroundings, Method& method,
                   const EventSurroundings& events, grpc::CallbackServerContext& context,
                   grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_PULL_CALL_H_
