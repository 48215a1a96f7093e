// EventService/StreamingPull: events are handed out as far as the consumer has given credits, until
// the stream ends.
//
//   credits -> log().Pull -> WriteMessage(answer) -> OnWritten -> log().Pull ...
//   message -> acknowledgements, deadlines -> durable -> the next message is read
//
// At most one answer is held beside the answer that is being written, so a slow consumer delays
// only itself. When a stream ends, its events that were not written are taken back, as if they had
// not been handed out. Written events are given back only if the consumer is gone.
#ifndef SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_
#define SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// Returns a new call, which owns itself. All arguments must outlive the call.
UnaryCall* NewStreamingPull(const Surroundings& surroundings, Method& method,
                            const EventSurroundings& events, grpc::CallbackServerContext& context,
                            grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_
