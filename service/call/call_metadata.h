// Reads a call's metadata, and bounds the size of its metadata and of its message.
//
// gRPC has its own limit for messages, and refuses larger ones without an ErrorInfo. So its limit
// is kRoomToRefuse times ours, and messages between the two limits are refused here. This costs no
// memory: gRPC 1.51 holds a whole message before it checks the size. gRPC's limit for metadata
// equals ours: with a higher one, it stopped reading connections that bring endless metadata. It
// does not apply the limit to a block that comes in pieces (CVE-2023-33953); CheckMetadata and
// port/guard/byte_watch.h do.
//
// Thread-safety: as the context's.
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

// Metadata that names a write: a call that repeats the name does nothing new.
inline constexpr char kIdempotencyKey[] = "idempotency-key";

// Metadata that asks to validate a call and to send nothing: "true" (AIP-163).
inline constexpr char kValidateOnly[] = "gateway-validate-only";

// RESOURCE_EXHAUSTED, METADATA_TOO_LARGE, for metadata of more bytes than that: names and values,
// and 32 for each (RFC 9113, 6.5.2).
std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most);

// RESOURCE_EXHAUSTED, REQUEST_TOO_LARGE, for a message of more bytes than that; UNIMPLEMENTED,
// REQUEST_COMPRESSED, for one that is compressed.
std::optional<mapping::Failure> CheckMessage(const grpc::ByteBuffer& message, bool compressed,
                                             size_t most);

// Returns the value of metadata that may be given at most once, or nullopt if it is not given. If
// it is given twice, returns "", which is refused later. Valid as long as the context.
std::optional<absl::string_view> OnlyValue(const grpc::ServerContextBase& context,
                                           const char* name);

// Whether the call has the metadata kValidateOnly. INVALID_ARGUMENT, VALIDATE_ONLY_INVALID, for a
// value that is neither "true" nor "false": nothing must be sent because of a slip of the pen.
std::variant<bool, mapping::Failure> IsValidateOnly(const grpc::ServerContextBase& context);

// The deadline, the keys, and whether somebody has made the call before. A caller who sets no
// deadline gets `default_deadline`. Valid as long as the context.
CallTerms TermsOf(const grpc::ServerContextBase& context, absl::Duration default_deadline);

}  // namespace gateway

#endif  // SERVICE_CALL_CALL_METADATA_H_
