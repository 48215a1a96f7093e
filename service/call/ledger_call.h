// Serves gateway.ledger.v1.LedgerService: shows ledger entries, waits for an entry to end, and lets
// an operator resolve an entry whose outcome is unknown.
//
// A policy's stores are compared with the store of the entry. An entry that the caller may not see
// looks as if it did not exist.
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

// An RPC of the service. It is audited if it writes.
struct LedgerOperation {
  Operation operation;
  std::string path;
  bool audited;
};
std::vector<LedgerOperation> LedgerOperations();

// Serves the method, which must be one of LedgerOperations. All arguments must outlive its calls.
Endpoint LedgerEndpoint(const Surroundings& surroundings, Method& method, LedgerInUse& ledger);

}  // namespace gateway

#endif  // SERVICE_CALL_LEDGER_CALL_H_
