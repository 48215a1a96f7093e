// Names services and RPCs. Names that callers have compiled against stay:
//
//   - An operation whose verb and path are committed keeps its committed service and RPC name.
//   - A new operation is named by its tag and by the last part of its operationId. If that name is
//     taken within the service, the whole operationId is used.
//
// An operation that the upstream does not list (deprecated or hidden) is left out, unless it was
// served before. An operation that an RPC in a local file serves is left out too.
#ifndef TOOLS_APIGEN_MAPPING_OPERATION_NAMES_H_
#define TOOLS_APIGEN_MAPPING_OPERATION_NAMES_H_

#include <set>
#include <string>

#include "tools/apigen/committed/lock.h"
#include "tools/apigen/openapi/notes.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// Sets service, stem and rpc of each operation, and removes the operations that are left out.
void NameOperations(const Lock& lock, const std::string& package, Api& api, Notes& notes);

// "Orders_RefundOrder" -> "RefundOrder".
std::string LastPart(const std::string& operation_id);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MAPPING_OPERATION_NAMES_H_
