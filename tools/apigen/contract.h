// The mapping rules: an API as OpenAPI describes it becomes services, messages and enums of
// protobuf.
//
//   tag               -> service               "affiliate-links" -> AffiliateLinksService
//   operation         -> RPC and its request   path parameters, query parameters, body, update_mask
//   object schema     -> message of the same name
//   enum schema       -> enum of the same name
//   any other schema  -> what it stands for, at each place that refers to it
//
// What the rules do not cover is mapped to the next looser type and noted: an array of arrays is a
// ListValue, a map of arrays a Struct. A name that is taken gets a suffix, and an option says what
// the upstream calls it.
//
// Numbers are counted from 1 in the order of the file; merging with committed protos comes after
// this and replaces them. Pure.
#ifndef TOOLS_APIGEN_CONTRACT_H_
#define TOOLS_APIGEN_CONTRACT_H_

#include <set>
#include <string>

#include "tools/apigen/model.h"
#include "tools/apigen/notes.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

// Operations have their names already. `taken`: names of the package that no type may have.
Contract MakeContract(const Api& api, const std::set<std::string>& taken, Notes& notes);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_CONTRACT_H_
