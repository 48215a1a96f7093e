// One call of a ledger's function as a value: a request, and later its result. It waits in a
// store's queue until the store's thread has worked on it.
//
// Thread-safety: values; one thread at a time.
#ifndef SERVICE_LEDGER_OPERATION_H_
#define SERVICE_LEDGER_OPERATION_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/ledger/ledger.h"

namespace gateway::ledger {

template <typename RequestType, typename ResultType>
struct Asked {
  using Request = RequestType;
  using Result = ResultType;

  Request request;
  Done<Result> done;  // null: the caller does not want the result
  absl::StatusOr<Result> result = absl::UnavailableError("not done yet");
};

struct BeforeRequest {
  Holding holding;
  std::string before;
};
struct SettleRequest {
  Holding holding;
  Settlement settlement;
  // It contradicts the entry (rules.h, IsContradiction), and that has been told. It is told once,
  // however often the store tries to write it.
  bool told = false;
};
struct FindRequest {
  EntryId id;
};
struct FindKeyRequest {
  Scope scope;
};
struct WaitRequest {
  WaitId wait;
  EntryId id;
};
struct CancelWaitRequest {
  WaitId wait;
};
struct TendRequest {};

using Claiming = Asked<ClaimRequest, ClaimAnswer>;
using KeepingBefore = Asked<BeforeRequest, Entry>;
using Settling = Asked<SettleRequest, Entry>;
using Finding = Asked<FindRequest, Entry>;
using FindingKey = Asked<FindKeyRequest, Entry>;
using Listing = Asked<ListRequest, ListPage>;
using Resolving = Asked<Resolution, Entry>;
using Waiting = Asked<WaitRequest, Entry>;
using CancellingWait = Asked<CancelWaitRequest, Entry>;
using Taking = Asked<TakeRequest, std::vector<Entry>>;
using Postponing = Asked<Postponement, Entry>;
using Tending = Asked<TendRequest, int64_t>;

using Operation = std::variant<Claiming, KeepingBefore, Settling, Finding, FindingKey, Listing,
                               Resolving, Waiting, CancellingWait, Taking, Postponing, Tending>;

inline void Fail(const absl::Status& status, Operation& operation) {
  std::visit([&](auto& asked) { asked.result = status; }, operation);
}

}  // namespace gateway::ledger

#endif  // SERVICE_LEDGER_OPERATION_H_
