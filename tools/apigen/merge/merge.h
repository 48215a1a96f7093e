// Merges a newly derived contract into the committed one.
//
//   Element                       In the merged contract
//   in both contracts             keeps its name, number, comments and the decisions of people
//   new                           takes the next free number
//   marked `local`                stays as it is
//   gone, named by the documents  stays, deprecated and local
//   gone otherwise                a field or enum value is reserved in its type, a type becomes an
//                                 empty type, an RPC is removed
//
// Pure; cannot fail.
#ifndef TOOLS_APIGEN_MERGE_MERGE_H_
#define TOOLS_APIGEN_MERGE_MERGE_H_

#include <set>
#include <string>

#include "tools/apigen/committed/decisions.h"
#include "tools/apigen/merge/type_names.h"
#include "tools/apigen/model/model.h"

namespace gateway::apigen {

struct MergeInput {
  // As read by lock.h.
  const Contract& committed;
  // As made by contract.h, with the type names of the protos (type_names.h).
  Contract derived;
  const TypeNames& names;
  const Documented& documented;
  // Routes that the upstream has in a form that cannot be mapped: their RPCs stay.
  std::set<std::string> unreadable_routes;
};

Contract Merge(MergeInput input);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_MERGE_H_
