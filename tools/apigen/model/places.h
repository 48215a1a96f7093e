// The places where types of a contract are used: members of messages, parts of requests, replies.
// The key of a place stays the same when the upstream changes, as long as the owner of the place
// stays.
//
//   Key                                  Place
//   "OrderDto total_amount"              a member of a message, by its name in JSON
//   "in OrdersService.GetOrder limit"    a field of a request
//   "out OrdersService.GetOrder"         a reply
//   "out OrdersService.GetOrders items"  a field of a reply message that was made for one RPC
#ifndef TOOLS_APIGEN_MODEL_PLACES_H_
#define TOOLS_APIGEN_MODEL_PLACES_H_

#include <functional>
#include <map>
#include <string>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// Maps each place to the type used there; scalar types are included.
using Places = std::map<std::string, std::string>;

// `owner` returns the key of a message; messages with an empty key are left out.
Places PlacesOf(const Contract& contract,
                const std::function<std::string(const std::string& message)>& owner);

// Returns the messages that belong to one RPC only, each with the prefix of its fields' keys.
std::map<std::string, std::string> WrapperKeys(const Contract& contract);

std::string PlaceIn(const std::string& owner, const Field& field);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MODEL_PLACES_H_
