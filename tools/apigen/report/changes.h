// The differences between the committed contract and the new one, and what each difference breaks.
// Pure functions.
#ifndef TOOLS_APIGEN_REPORT_CHANGES_H_
#define TOOLS_APIGEN_REPORT_CHANGES_H_

#include <map>
#include <string>
#include <vector>

#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// The kinds of breakage that a change causes. The first three correspond to the rule categories of
// `buf breaking`.
struct Breaks {
  bool wire = false;    // old bytes are misread or cannot be read
  bool json = false;    // names or forms in protobuf's JSON differ
  bool source = false;  // code compiled against the old protos no longer compiles
  bool calls = false;   // a request that was accepted is now refused

  bool any() const { return wire || json || source || calls; }
};

struct Change {
  enum class Kind {
    kAdded,
    kRemoved,
    kKept,      // removed upstream, still served
    kReturned,  // was removed upstream, exists again
    kRenamed,   // the upstream's name changed, ours did not
    kRetyped,
    kRerouted,
    kRequired,
    kNullable,
    kDeprecated,
    kJsonName,
    kBounds,
    kMoved,  // to another file
  };
  Kind kind = Kind::kAdded;
  // "OrdersService.RefundOrder", "OrderDto.total_amount", "OrderStatus.ORDER_STATUS_OPEN".
  std::string subject;
  // The old and the new state, in a few words; may be empty.
  std::string detail;
  Breaks breaks;
  // The RPCs whose request or reply is affected.
  std::vector<std::string> rpcs;
};

absl::string_view KindName(Change::Kind kind);

// Returns services first, then messages, then enums. If something was added or removed as a whole,
// its parts are not listed.
std::vector<Change> Compare(const Contract& before, const Contract& after);

// Adds the types whose file changed. `before` and `after` map each type to the path of its file.
void AddMoves(const std::map<std::string, std::string>& before,
              const std::map<std::string, std::string>& after, std::vector<Change>& changes);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REPORT_CHANGES_H_
