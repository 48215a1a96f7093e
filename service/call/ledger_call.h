// Calls of gateway.ledger.v1.LedgerService: what the ledger knows, and an operator's word on what
// it does not know.
//
// A policy's stores are applied to the store of the entry. An entry that is not for the caller
// looks like one that is not there.
#ifndef SERVICE_CALL_LEDGER_CALL_H_
#define SERVICE_CALL_LEDGER_CALL_H_

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "service/call/call_frame.h"
#include "service/call/method.h"
#include "service/generation/ledger_in_use.h"

namespace gateway {

// The operations of the service, audited or not, in the order of its proto.
struct LedgerOperation {
  Operation operation;
  std::string path;
  bool audited;
};
std::vector<LedgerOperation> LedgerOperations();

// What serves the method, which is one of LedgerOperations. All that is given outlives its calls.
Endpoint LedgerEndpoint(const Surroundings& surroundings, Method& method, LedgerInUse& ledger);

}  // namespace gateway

#endif  // SERVICE_CALL_LEDGER_CALL_H_
