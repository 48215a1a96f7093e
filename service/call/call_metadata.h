// What a call's metadata says, and how much it may be.
//
// Thread-safety: as the context's.
#ifndef SERVICE_CALL_CALL_METADATA_H_
#define SERVICE_CALL_CALL_METADATA_H_

#include <grpcpp/server_context.h>

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/failure.h"
#include "upstream/pending_call.h"

namespace gateway {

// Metadata of a call whose repetition is to do nothing new.
inline constexpr char kIdempotencyKey[] = "idempotency-key";

// RESOURCE_EXHAUSTED, METADATA_TOO_LARGE, for metadata of more bytes than that: names and values,
// and 32 for each (RFC 9113, 6.5.2). gRPC 1.51 lets a block of any size through where it comes in
// pieces (CVE-2023-33953), whatever its own limit is.
std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most);

// The value of metadata that may be given once. Returns nullopt where it is not given, and "",
// which is refused later, where it is given twice. Valid as long as the context.
std::optional<absl::string_view> OnlyValue(const grpc::ServerContextBase& context,
                                           const char* name);

// The deadline, the keys, and whether somebody has made the call before. A caller who sets no
// deadline gets `default_deadline`. Valid as long as the context.
CallTerms TermsOf(const grpc::ServerContextBase& context, absl::Duration default_deadline);

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_METADATA_H_
