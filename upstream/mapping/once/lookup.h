// Whether a write happened whose answer was lost, from what a read shows.
//
//   before the write   Ask(request) -> what to read -> Remember(reply) -> memory, which is kept
//   afterwards         read again   -> Judge(memory, reply) -> it happened, it did not, undecided
//
// A verdict is careful: what could be somebody else's, and what cannot be seen in whole, leaves the
// write undecided, with the reason.
//
// Thread-safety: pure functions.
#ifndef UPSTREAM_MAPPING_ONCE_LOOKUP_H_
#define UPSTREAM_MAPPING_ONCE_LOOKUP_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/once/once.h"

namespace gateway::mapping {

// All that is needed to judge a write later. It has parts of the request: keep it encrypted.
struct LookupMemory {
  std::string read_path;     // as the plan's
  std::string read_request;  // serialized
  // For each condition, the value of the write's request that it compares with.
  std::vector<std::optional<std::string>> wanted;
  // For each condition, what the candidate had before the write, where the plan needs it.
  std::vector<std::optional<std::string>> before;
  std::vector<std::string> known;  // identities that were there before the write
};

// The field of requests that names the store, and the store where a request leaves it out.
struct Tenant {
  absl::string_view field;
  absl::string_view value;
};

// What to read for the write with this serialized request.
LookupMemory Ask(const LookupPlan& plan, absl::string_view write_request, const Tenant& tenant);

// Adds what the read showed before the write. INVALID_ARGUMENT if the reply cannot be parsed.
absl::Status Remember(const LookupPlan& plan, absl::string_view read_reply, LookupMemory& memory);

// Adds what an earlier write has made, by that write's reply: the read before this one may not have
// shown it yet. False if the reply does not name it; then the read cannot be relied upon.
bool RememberMade(const LookupPlan& plan, absl::string_view write_reply, LookupMemory& memory);

// A text that ReadMemory reads.
std::string WriteMemory(const LookupMemory& memory);
// DATA_LOSS for anything that WriteMemory does not write for this plan.
absl::StatusOr<LookupMemory> ReadMemory(const LookupPlan& plan, absl::string_view text);

struct Verdict {
  enum Kind { kHappened, kAbsent, kUndecided };
  Kind kind = kUndecided;
  // The write's reply, serialized, if the read shows it.
  std::optional<std::string> reply = {};
  std::string reason = {};  // set unless the write is absent
};

// `ended`: the write was not under way any more. It settles nothing that the read was made sooner
// than plan.settle after it: the caller sees to that before it believes kAbsent.
Verdict Judge(const LookupPlan& plan, const LookupMemory& memory, absl::Time ended,
              absl::string_view read_reply);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_LOOKUP_H_
