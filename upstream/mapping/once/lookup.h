// Decides whether a write whose answer was lost has happened, by the reply of a read.
//
//   before the write   Ask(request) -> what to read -> Remember(reply) -> memory, which is kept
//   afterwards         read again   -> Judge(memory, reply) -> it happened, it did not, undecided
//
// A verdict is careful: if a result could come from another write, or the read does not show
// everything, the verdict is kUndecided, with the reason.
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
  std::string read_path;     // LookupPlan::read_path
  std::string read_request;  // serialized
  // For each condition, the value of the write's request that the condition needs; nullopt for
  // none.
  std::vector<std::optional<std::string>> wanted;
  // For each condition, the value that the candidate had before the write, if the plan needs it.
  std::vector<std::optional<std::string>> before;
  std::vector<std::string> known;  // identities that were there before the write
  // A read that should have shown the write did not show it. A result that fits and appears later
  // may come from another write.
  bool not_shown = false;
};

// `field` is the name of the request field that holds the store. `value` is the store of a request
// that does not set this field.
struct Tenant {
  absl::string_view field;
  absl::string_view value;
};

// Returns what to read for the write with this serialized request.
LookupMemory Ask(const LookupPlan& plan, absl::string_view write_request, const Tenant& tenant);

// Adds what the read showed before the write. INVALID_ARGUMENT if the reply cannot be parsed.
absl::Status Remember(const LookupPlan& plan, absl::string_view read_reply, LookupMemory& memory);

// Adds the identity of the thing that an earlier write has made, from that write's reply: the read
// may not show it yet. Returns false if the reply does not give the identity. Then the read cannot
// be relied upon.
bool RememberMade(const LookupPlan& plan, absl::string_view write_reply, LookupMemory& memory);

// Returns a text from which ReadMemory restores the memory.
std::string WriteMemory(const LookupMemory& memory);
// Returns DATA_LOSS for a text that WriteMemory does not write for this plan.
absl::StatusOr<LookupMemory> ReadMemory(const LookupPlan& plan, absl::string_view text);

struct Verdict {
  enum Kind { kHappened, kAbsent, kUndecided };
  Kind kind = kUndecided;
  // The write's reply, serialized, if the read shows it.
  std::optional<std::string> reply = {};
  std::string reason = {};  // empty for kAbsent
};

// `ended` is the time from which on the write was no longer under way. kAbsent counts only if the
// read was made at least plan.settle after `ended`: the caller must check that.
Verdict Judge(const LookupPlan& plan, const LookupMemory& memory, absl::Time ended,
              absl::string_view read_reply);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ONCE_LOOKUP_H_
