// Puts a freshly derived contract on top of the committed one.
//
//   what exists                   keeps its name, its number, its comments and what people decided
//   what is new                   takes the next free number
//   what is marked `local`        stays as it is
//   what the documents name       stays, deprecated and local
//   what else is gone             is reserved: a field in its message, a type as an empty one
//
// Pure; cannot fail.
#ifndef TOOLS_APIGEN_MERGE_H_
#define TOOLS_APIGEN_MERGE_H_

#include <set>
#include <string>

#include "tools/apigen/decisions.h"
#include "tools/apigen/model.h"
#include "tools/apigen/type_names.h"

namespace gateway::apigen {

struct MergeInput {
  // As lock.h reads it.
  const Contract& committed;
  // As contract.h makes it, under the names of the protos (type_names.h).
  Contract derived;
  const TypeNames& names;
  const Documented& documented;
  // Operations that the upstream has, in a form that cannot be mapped: their RPCs stay.
  std::set<std::string> unreadable_routes;
};

Contract Merge(MergeInput input);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MERGE_H_
