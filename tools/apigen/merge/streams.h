// The RPCs that return a paged list as a stream (gateway/v1/annotations.proto, Pages). The upstream
// has no such operations: apigen derives each stream from its list RPC, and removes the stream when
// the list RPC is removed. So the streams are taken out of the committed contract before the merge,
// and are put behind their list RPCs again after the merge. Their committed comments stay.
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

// Removes all streams and their reply messages from the contract, and returns them.
Streams TakeStreams(Contract& contract);

// Puts a stream behind each RPC whose request has limit (with a maximum), after, before and asc,
// and whose reply is a list of messages with a string `id`. Adds no stream if another RPC already
// has the stream's name, or another type has the name of the reply message.
void AddStreams(const Streams& committed, Contract& contract);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_STREAMS_H_
