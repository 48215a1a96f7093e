// The RPCs that answer a paged list as a stream (gateway/v1/annotations.proto, Pages). The upstream
// knows nothing of them: each follows from its list, and goes with it. So they are taken out of the
// committed contract before it meets what the upstream says, and put beside their lists again
// afterwards. Their comments stay as they are committed.
#ifndef TOOLS_APIGEN_MERGE_STREAMS_H_
#define TOOLS_APIGEN_MERGE_STREAMS_H_

#include <map>
#include <string>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

struct Streams {
  std::map<std::string, Method> methods;  // by "OrdersService.StreamOrders"
  std::map<std::string, Message> messages;
};

// Takes all streams, with the messages that they write.
Streams TakeStreams(Contract& contract);

// Puts a stream behind each RPC whose request has limit, after, before and asc, and whose reply is
// a list of messages with an id. A name that something else has stays without a stream.
void AddStreams(const Streams& committed, Contract& contract);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_STREAMS_H_
