// What changed between the committed contract and the one about to be written, and for whom it
// breaks. Pure functions.
#ifndef TOOLS_APIGEN_REPORT_H_
#define TOOLS_APIGEN_REPORT_H_

#include <string>
#include <vector>

#include "tools/apigen/model.h"

namespace gateway::apigen {

struct Change {
  enum class Kind { kAdded, kRemoved, kRenamed, kRetyped, kRerouted, kRequired, kRules };
  Kind kind = Kind::kAdded;
  // "OrdersService.RefundOrder", "OrderDto.total_amount", "OrderStatus.ORDER_STATUS_OPEN".
  std::string subject;
  // What it was and is, in a few words; may be empty.
  std::string detail;
  // A caller built against the committed protos can fail, be refused or misread.
  bool breaking = false;
};

// In the order of services, messages, enums. The parts of something that was added or removed as a
// whole are not listed.
std::vector<Change> Compare(const Contract& before, const Contract& after);

// One line per change, breaking ones marked, and a line that counts them.
std::string Describe(const std::vector<Change>& changes, const Contract& after);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_REPORT_H_
