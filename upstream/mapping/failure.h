// Why a call did not succeed, in the terms of the error contract: a canonical code, and whether the
// operation happened (the outcome).
#ifndef UPSTREAM_MAPPING_FAILURE_H_
#define UPSTREAM_MAPPING_FAILURE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace gateway::mapping {

// In order: what a call of several attempts did is the greatest of their outcomes.
enum class Outcome {
  kNotSent,  // nothing left this process: any call may be repeated
  kRefused,  // the upstream answered and declined: the operation did not happen
  kUnknown,  // sent, and no usable answer: the operation may have happened
};

// "not_sent", "refused", "unknown".
absl::string_view Name(Outcome outcome);

// One error in a request. Never shows the value itself, which may be sensitive.
struct Violation {
  std::string field;  // path as the caller wrote it: "body.lines[2].quantity"
  std::string description;
};

struct Failure {
  absl::StatusCode code = absl::StatusCode::kInternal;
  Outcome outcome = Outcome::kUnknown;
  // In UPPER_SNAKE_CASE, and stable, so that programs can compare it.
  std::string reason;
  std::string message;
  // Who refused: true for the upstream, false for the gateway itself.
  bool from_upstream = false;

  int http_status = 0;        // 0: there was no reply
  std::string upstream_code;  // as the upstream spelled it
  std::string trace_id;       // the upstream's own id for the request
  std::vector<Violation> violations;
  size_t violations_left_out = 0;  // the number of further violations
  std::optional<absl::Duration> retry_after;
};

// The gateway's own refusal, before anything was sent.
Failure NotSent(absl::StatusCode code, absl::string_view reason, absl::string_view message);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_FAILURE_H_
