// The mapping rules: an API as OpenAPI describes it becomes services, messages and enums of
// protobuf.
//
//   tag               -> service               "affiliate-links" -> AffiliateLinksService
//   operation         -> RPC and its request   path parameters, query parameters, body, update_mask
//   object schema     -> message of the same name
//   enum schema       -> enum of the same name
//   any other schema  -> what it stands for, at each place that refers to it
//
// Numbers are counted from 1 in the order of the file; merging with committed protos comes after
// this and replaces them. Pure; an error names its place by JSON pointer.
#ifndef TOOLS_APIGEN_CONTRACT_H_
#define TOOLS_APIGEN_CONTRACT_H_

#include "absl/status/statusor.h"
#include "tools/apigen/model.h"
#include "tools/apigen/openapi.h"

namespace gateway::apigen {

absl::StatusOr<Contract> MakeContract(const Api& api);

}  // namespace gateway::apigen

#endif  // TOOLS_APIGEN_CONTRACT_H_
