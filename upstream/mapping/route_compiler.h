// Compiles one RPC into its route. Pure, apart from the plans and prototypes that it adds to the
// table's `plans` and `messages`.
#ifndef UPSTREAM_MAPPING_ROUTE_COMPILER_H_
#define UPSTREAM_MAPPING_ROUTE_COMPILER_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "absl/status/statusor.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/mapping/plan.h"
#include "upstream/mapping/profile.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

// A provider as its proto and the configuration describe it. Both must outlive the route.
struct ConfiguredProvider {
  // With the overrides applied.
  const v1::Provider* provider = nullptr;
  const ProfileOverrides* overrides = nullptr;
};

// `method` must have a google.api.http rule. Errors are INVALID_ARGUMENT and name the method, the
// field and the reason.
absl::StatusOr<Route> CompileRoute(const google::protobuf::MethodDescriptor& method,
                                   const ConfiguredProvider& provider, Plans& plans,
                                   google::protobuf::MessageFactory& messages);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_ROUTE_COMPILER_H_
