// EventService/Pull: answers with the next events, or without events shortly before the deadline.
#ifndef SERVICE_CALL_EVENTS_PULL_CALL_H_
#define SERVICE_CALL_EVENTS_PULL_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Returns a new call, which owns itself. All arguments must outlive the call.
UnaryCall* NewPull(const Surroundings& surroundings, Method& method,
                   const EventSurroundings& events, grpc::CallbackServerContext& context,
                   grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_PULL_CALL_H_
