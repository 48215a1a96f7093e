// The places where types of a contract stand: members of messages, parts of requests, replies. A
// place has the same key before and after a change of the upstream, as long as what holds it stays.
//
//   "OrderDto total_amount"              a member, by its name in JSON
//   "in OrdersService.GetOrder limit"    a field of a request
//   "out OrdersService.GetOrder"         a reply; with a name behind: a field of a wrapped reply
#ifndef TOOLS_APIGEN_PLACES_H_
#define TOOLS_APIGEN_PLACES_H_

#include <functional>
#include <map>
#include <string>

#include "tools/apigen/model.h"

namespace gateway::apigen {

// Places to the types that stand there; scalar types are listed as well.
using Places = std::map<std::string, std::string>;

// `owner` gives the key of a message; messages with an empty key are passed over.
Places PlacesOf(const Contract& contract,
                const std::function<std::string(const std::string& message)>& owner);

// Messages that exist for one RPC alone, with the beginning of the keys of their fields.
std::map<std::string, std::string> WrapperKeys(const Contract& contract);

std::string PlaceIn(const std::string& owner, const Field& field);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_PLACES_H_
