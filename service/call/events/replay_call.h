// EventService/ListDeadLetters, Redeliver and Seek: these list the events that were given up, and
// hand events out once more.
#ifndef SERVICE_CALL_EVENTS_REPLAY_CALL_H_
#define SERVICE_CALL_EVENTS_REPLAY_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Each returns a new call, which owns itself. All arguments must outlive the call.
UnaryCall* NewListDeadLetters(const Surroundings& surroundings, Method& method,
                              const EventSurroundings& events, grpc::CallbackServerContext& context,
                              grpc::ByteBuffer& reply);
UnaryCall* NewRedeliver(const Surroundings& surroundings, Method& method,
                        const EventSurroundings& events, grpc::CallbackServerContext& context,
                        grpc::ByteBuffer& reply);
UnaryCall* NewSeek(const Surroundings& surroundings, Method& method,
                   const EventSurroundings& events, grpc::CallbackServerContext& context,
                   grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_REPLAY_CALL_H_
