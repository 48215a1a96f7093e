// The mapping rules: an API described by OpenAPI becomes services, messages and enums of protobuf.
//
//   In OpenAPI           In protobuf            Details
//   tag               -> service               "affiliate-links" -> AffiliateLinksService
//   operation         -> RPC and its request   path parameters, query parameters, body, update_mask
//   object schema     -> message of the same name
//   enum schema       -> enum of the same name
//   any other schema  -> the type that it stands for, at each place that refers to it
//
// A schema that the rules do not cover is mapped to the next looser type, and a note says so: an
// array of arrays becomes a ListValue, a map of arrays becomes a Struct. If a name is already
// taken, the new name gets a suffix, and an option keeps the upstream's name.
//
// Fields are numbered from 1 in the order of the OpenAPI file; the later merge with the committed
// protos replaces these numbers. Reads and writes no files.
#ifndef TOOLS_APIGEN_MAPPING_CONTRACT_H_
#define TOOLS_APIGEN_MAPPING_CONTRACT_H_

#include <set>
#include <string>

#include "tools/apigen/model/model.h"
#include "tools/apigen/openapi/notes.h"
#include "tools/apigen/openapi/openapi.h"

namespace gateway::apigen {

// The operations must already have their names. `taken`: names of the package that no type may
// have.
Contract MakeContract(const Api& api, const std::set<std::string>& taken, Notes& notes);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_MAPPING_CONTRACT_H_
