// Faults that the next calls meet, on demand: what a test or a person orders here, the wire does.
//
//   Faults faults;
//   faults.Add(*ParseFault("commit-then-drop:RefundOrder:1"));
//   if (std::optional<Fault> fault = faults.Take("RefundOrder")) ...
//
// Thread-safe.
#ifndef UPSTREAM_SANDBOX_FAULTS_FAULTS_H_
#define UPSTREAM_SANDBOX_FAULTS_FAULTS_H_

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

struct Fault {
  enum class Kind : uint8_t {
    kCommitThenDrop,    // the call is executed; the connection ends without an answer
    kDropBeforeCommit,  // the connection ends; nothing was executed
    kDelay,             // the answer comes late
    kTooManyRequests,   // 429 with Retry-After; nothing was executed
    kInternalError,     // 500 in the provider's form; nothing was executed
    kBadGateway,        // 502 with a page, as from a proxy
    kCutReply,          // the answer ends in the middle
    kSlowReply,         // the answer comes a byte at a time
    kForeignReply,      // another reply follows the answer on the connection
  };
  Kind kind = Kind::kCommitThenDrop;
  // The RPC's name, or the contract's id of the operation; empty: every operation.
  std::string operation;
  // The calls that it is for; -1: all, until it is taken back.
  int64_t times = 1;
  // kDelay: how late. kSlowReply: the pause before each byte.
  absl::Duration pause;
  // kTooManyRequests.
  int64_t retry_after_s = 1;
  // kBadGateway, kInternalError: the call is executed all the same.
  bool commit = false;
  // Since it was added.
  int64_t id = 0;
  int64_t fired = 0;
};

// KIND[:OPERATION[:TIMES]], with the kinds commit-then-drop, drop-before-commit, delay,
// too-many-requests, internal-error, bad-gateway, cut-reply, slow-reply, foreign-reply.
absl::StatusOr<Fault> ParseFault(absl::string_view text);
// {"kind": ..., "operation": ..., "times": ..., "pause_ms": ..., "retry_after_s": ..., "commit":
// ...}; all but the kind may be left out.
absl::StatusOr<Fault> ReadFault(const Json& json);
Json ToJson(const Fault& fault);
// All kinds, as they are spelled.
const std::vector<std::string>& FaultKinds();

class Faults {
 public:
  // Returns its id. At most 100 are kept: the oldest is dropped for the next.
  int64_t Add(Fault fault);
  // False where there is none of this id.
  bool Remove(int64_t id);
  void Clear();
  // Those that are spent too, so that a test can see whether they fired.
  std::vector<Fault> List() const;

  // The first fault for this operation that is not spent; it counts as fired.
  std::optional<Fault> Take(absl::string_view rpc, absl::string_view operation_id);

 private:
  mutable std::mutex mu_;
  // Guarded by mu_.
  std::vector<Fault> faults_;
  int64_t last_id_ = 0;
};

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_FAULTS_FAULTS_H_
