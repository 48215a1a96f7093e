// Faults on demand: a test or a person orders a fault, and the next calls meet it on the wire.
//
//   Faults faults;
//   faults.Add(*ParseFault("commit-then-drop:RefundOrder:1"));
//   if (std::optional<Fault> fault = faults.Take("RefundOrder", operation.id)) ...
//
// Thread-safe.
#ifndef UPSTREAM_SANDBOX_FAULTS_FAULTS_H_
#define UPSTREAM_SANDBOX_FAULTS_FAULTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mutex.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

struct Fault {
  enum class Kind : uint8_t {
    kCommitThenDrop,    // the call is executed; the connection closes without an answer
    kDropBeforeCommit,  // the connection closes; nothing was executed
    kDelay,             // the answer is late
    kTooManyRequests,   // 429 with Retry-After; nothing was executed
    kInternalError,     // 500 in the provider's error format; see `commit`
    kBadGateway,        // 502 with an HTML page, as a proxy sends it; see `commit`
    kCutReply,          // the answer stops in the middle
    kSlowReply,         // the answer is sent one byte at a time
    kForeignReply,      // a second, unrelated reply follows on the connection
  };
  Kind kind = Kind::kCommitThenDrop;
  // The RPC's name or the contract's operation ID; empty: every operation.
  std::string operation;
  // How many calls meet the fault; -1: every call until the fault is removed.
  int64_t times = 1;
  // kDelay: how late the answer is. kSlowReply: the pause before each byte.
  absl::Duration pause;
  // kTooManyRequests: the value of Retry-After.
  int64_t retry_after_s = 1;
  // kBadGateway, kInternalError: whether the call is executed before the error is sent.
  bool commit = false;
  // Set by Faults::Add. `fired` counts the calls that have met the fault since then.
  int64_t id = 0;
  int64_t fired = 0;
};

// KIND[:OPERATION[:TIMES]], with the kinds commit-then-drop, drop-before-commit, delay,
// too-many-requests, internal-error, bad-gateway, cut-reply, slow-reply, foreign-reply.
absl::StatusOr<Fault> ParseFault(absl::string_view text);
// Reads {"kind": ..., "operation": ..., "times": ..., "pause_ms": ..., "retry_after_s": ...,
// "commit": ...}. Only "kind" is required.
absl::StatusOr<Fault> ReadFault(const Json& json);
Json ToJson(const Fault& fault);
// The spelling of every kind.
const std::vector<std::string>& FaultKinds();

class Faults {
 public:
  // Returns the fault's ID. At most 100 faults are kept: the oldest is dropped for a new one.
  int64_t Add(Fault fault);
  // Returns false if no fault has this ID.
  bool Remove(int64_t id);
  void Clear();
  // Returns the spent faults as well, so that a test can see whether they fired.
  std::vector<Fault> List() const;

  // Returns the first fault for this operation that is not spent, and counts it as fired. Returns
  // nullopt if there is none.
  std::optional<Fault> Take(absl::string_view rpc, absl::string_view operation_id);

 private:
  mutable Mutex mu_;
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mu_);
  int64_t last_id_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FAULTS_FAULTS_H_
