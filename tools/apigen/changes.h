// What changed between the committed contract and the one about to be written, and for whom it
// breaks. Pure functions.
#ifndef TOOLS_APIGEN_CHANGES_H_
#define TOOLS_APIGEN_CHANGES_H_

#include <map>
#include <string>
#include <vector>

#include "tools/apigen/model.h"

namespace gateway::apigen {

// Whom a change breaks. The first three are told apart as the rules of `buf breaking` are.
struct Breaks {
  bool wire = false;    // old bytes are misread or not read
  bool json = false;    // names or forms in protobuf's JSON differ
  bool source = false;  // code that was compiled against the old protos does not compile
  bool calls = false;   // a request that was accepted is refused

  bool any() const { return wire || json || source || calls; }
};

struct Change {
  enum class Kind {
    kAdded,
    kRemoved,
    kKept,      // removed upstream, and served on
    kReturned,  // was removed upstream, and is back
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
  // What it was and is, in a few words; may be empty.
  std::string detail;
  Breaks breaks;
  // RPCs whose request or reply is concerned.
  std::vector<std::string> rpcs;
};

absl::string_view KindName(Change::Kind kind);

// In the order of services, messages, enums. The parts of something that was added or removed as a
// whole are not listed.
std::vector<Change> Compare(const Contract& before, const Contract& after);

// Adds types whose file changed. Paths by type.
void AddMoves(const std::map<std::string, std::string>& before,
              const std::map<std::string, std::string>& after, std::vector<Change>& changes);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_CHANGES_H_
