// The parts of a request that the ledger compares, to recognize the request.
#ifndef UPSTREAM_MAPPING_REQUEST_REQUEST_IDENTITY_H_
#define UPSTREAM_MAPPING_REQUEST_REQUEST_IDENTITY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {

struct RequestIdentity {
  // The message serialized anew, in the order of field numbers and map keys. So equal requests have
  // equal bytes, in whatever order their senders wrote them.
  std::string bytes;
  // The RPC and the value of the first field of Once.guard that the request sets. Empty only if the
  // RPC has no guard.
  std::string guard;
};

// `message` must have passed WriteRequest. Thread-safety: a pure function.
RequestIdentity IdentityOf(const Route& route, absl::string_view message);

}  // namespace gateway::mapping

#endif  // UPSTREAM_MAPPING_REQUEST_REQUEST_IDENTITY_H_
