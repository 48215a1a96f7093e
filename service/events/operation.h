// One call of a log's function as a value: a request, and later its result.
//
// Thread-safety: values; one thread at a time.
#ifndef SERVICE_EVENTS_OPERATION_H_
#define SERVICE_EVENTS_OPERATION_H_

#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/events/event_log.h"

namespace gateway::events {

template <typename RequestType, typename ResultType>
struct Asked {
  using Result = ResultType;

  RequestType request;
  Done<Result> done;  // null: the caller does not want the result
  absl::StatusOr<Result> result = absl::UnavailableError("not done yet");
};

struct WaitingPull {
  PullId id = 0;
  PullRequest pull;
};

using Appending = Asked<SealedEvent, Appended>;
using Pulling = Asked<WaitingPull, std::vector<Received>>;
using CancellingPull = Asked<PullId, bool>;
using Modifying = Asked<ModifyRequest, Effects>;
using ListingDeadLetters = Asked<DeadLettersRequest, std::vector<DeadLetter>>;
using Redelivering = Asked<RedeliverRequest, Effects>;
using Seeking = Asked<SeekRequest, int64_t>;

using Operation = std::variant<Appending, Pulling, CancellingPull, Modifying, ListingDeadLetters,
                               Redelivering, Seeking>;

inline void Fail(const absl::Status& status, Operation& operation) {
  std::visit([&](auto& asked) { asked.result = status; }, operation);
}

}  // namespace gateway::events

#endif  // SERVICE_EVENTS_OPERATION_H_
