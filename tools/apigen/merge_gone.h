// The part of merging that concerns what the contract has not any more. Pure functions.
#ifndef TOOLS_APIGEN_MERGE_GONE_H_
#define TOOLS_APIGEN_MERGE_GONE_H_

#include <set>
#include <string>

#include "tools/apigen/decisions.h"
#include "tools/apigen/model.h"

namespace gateway::apigen {

// Adds to `merged` the committed RPCs and types that stay (kept by hand, named by the documents,
// calling a route that cannot be read), all types that they use, and a tombstone for each other
// type.
void KeepWhatIsGone(const Contract& committed, const Documented& documented,
                    const std::set<std::string>& unreadable_routes, Contract& merged);

// Values of all enums of a package share one name space: a new value whose name is taken gets a
// number behind its name, and keeps its text.
void MakeValueNamesUnique(const Contract& committed, Contract& merged);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_GONE_H_
