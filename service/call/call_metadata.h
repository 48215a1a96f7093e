// Reads a call's metadata, and bounds the size of its metadata and of its message.
//
// gRPC has its own limit for messages, and refuses larger messages without an ErrorInfo. So gRPC's
// limit is kRoomToRefuse times ours, and messages between the two limits are refused here. This
// costs no memory: gRPC 1.51 holds a whole message before it checks the size. gRPC's limit for
// metadata equals ours: with a higher limit, gRPC stopped reading connections that send endless
// metadata. gRPC does not apply its limit to a header block that comes in pieces (CVE-2023-33953);
// CheckMetadata and port/guard/byte_watch.h do.
//
// Thread-safety: like the context.
#ifndef SERVICE_CALL_CALL_METADATA_H_
#define SERVICE_CALL_CALL_METADATA_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <optional>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "upstream/mapping/failure.h"
#include "upstream/pending_call.h"

namespace gateway {

struct CallLimits {
  size_t metadata_bytes = 0;
  size_t request_bytes = 0;
};

inline constexpr int kRoomToRefuse = 4;

// Metadata: the caller's key of a write. A call that repeats the key does not write again.
inline constexpr char kIdempotencyKey[] = "idempotency-key";

// Metadata that asks to validate a call and to send nothing: "true" (AIP-163).
inline constexpr char kValidateOnly[] = "gateway-validate-only";

// RESOURCE_EXHAUSTED, METADATA_TOO_LARGE, for metadata of more than `most` bytes: names and values,
// and 32 bytes for each entry (RFC 9113, 6.5.2). Otherwise nullopt.
std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most);

// RESOURCE_EXHAUSTED, REQUEST_TOO_LARGE, for a message of more than `most` bytes; UNIMPLEMENTED,
// REQUEST_COMPRESSED, for a compressed message. Otherwise nullopt.
std::optional<mapping::Failure> CheckMessage(const grpc::ByteBuffer& message, bool compressed,
                                             size_t most);

// Returns the value of metadata that may be given at most once, or nullopt if it is not given. If
// it is given twice, returns "", which is refused later. Valid as long as the context.
std::optional<absl::string_view> OnlyValue(const grpc::ServerContextBase& context,
                                           const char* name);

// Returns whether the metadata kValidateOnly is "true". INVALID_ARGUMENT, VALIDATE_ONLY_INVALID, if
// it is neither "true" nor "false", or is given twice: a spelling mistake must not cause a write.
std::variant<bool, mapping::Failure> IsValidateOnly(const grpc::ServerContextBase& context);

// Returns the call's deadline, its keys, and whether its metadata says that it repeats an earlier
// call. A call without a deadline gets `default_deadline`. Valid as long as the context.
CallTerms TermsOf(const grpc::ServerContextBase& context, absl::Duration default_deadline);

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_METADATA_H_
