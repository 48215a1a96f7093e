// The size of a call's metadata. gRPC 1.51 lets a block of any size through where it comes in
// pieces (CVE-2023-33953), whatever its own limit is.
//
// Thread-safety: as the context's.
#ifndef SERVICE_CALL_CALL_METADATA_H_
#define SERVICE_CALL_CALL_METADATA_H_

#include <grpcpp/server_context.h>

#include <cstddef>
#include <optional>

#include "upstream/mapping/failure.h"

namespace gateway {

// RESOURCE_EXHAUSTED, METADATA_TOO_LARGE, for metadata of more bytes than that: names and values,
// and 32 for each (RFC 9113, 6.5.2).
std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most);

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_METADATA_H_
