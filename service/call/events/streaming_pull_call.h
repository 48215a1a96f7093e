// EventService/StreamingPull: events are handed out as far as the consumer has given credits, until
// the stream ends.
//
//   credits -> log().Pull -> one answer is written -> (its window had room) -> log().Pull ...
//   message -> acknowledgements, deadlines -> durable -> the next message is read
//
// At most one answer is held beside the one that is being written, so a slow consumer holds up
// itself. The events of a stream that ends go back: those that were not written as if nobody had
// seen them; those that were, if the consumer is gone.
#ifndef SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_
#define SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_

#include "service/call/events/event_call.h"

namespace gateway {

// A call that owns itself. All that is given outlives it.
UnaryCall* NewStreamingPull(const Surroundings& surroundings, Method& method,
                            const EventSurroundings& events, grpc::CallbackServerContext& context,
                            grpc::ByteBuffer& reply);

}  // namespace gateway

#endif  // SERVICE_CALL_EVENTS_STREAMING_PULL_CALL_H_
