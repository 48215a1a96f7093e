// Puts a freshly derived contract on top of the committed one: what exists keeps its number, its
// comments and what people decided by hand; what is gone is reserved; what is new takes the next
// free number.
//
// Pure; cannot fail.
#ifndef TOOLS_APIGEN_MERGE_H_
#define TOOLS_APIGEN_MERGE_H_

#include "tools/apigen/model.h"

namespace gateway::apigen {

// `derived` as contract.h makes it, `committed` as lock.h reads it.
Contract Merge(const Contract& committed, Contract derived);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_H_
