// The part of the merge for elements that the derived contract no longer has. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_MERGE_GONE_H_
#define TOOLS_APIGEN_MERGE_MERGE_GONE_H_

#include <set>
#include <string>

#include "tools/apigen/committed/decisions.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

// Adds to `merged` the committed RPCs and types that stay: those kept by hand, named by the
// documents, or calling an unreadable route. Also adds all types that they use, and a tombstone
// (merge_types.h) for every other committed type that `merged` does not have.
void KeepWhatIsGone(const Contract& committed, const Documented& documented,
                    const std::set<std::string>& unreadable_routes, Contract& merged);

// The enum values of a package share one name space. A new value whose name is taken gets a number
// as suffix, and keeps its text.
void MakeValueNamesUnique(const Contract& committed, Contract& merged);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_MERGE_GONE_H_
