// EventService/ListDeadLetters, Redeliver and Seek: what was given up, and how it is handed out
// once more.
#ifndef SERVICE_CALL_EVENTS_REPLAY_CALL_H_
#define SERVICE_CALL_EVENTS_REPLAY_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Calls that own themselves. All that is given outlives them.
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
