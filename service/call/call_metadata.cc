#include "service/call/call_metadata.h"

namespace gateway {
namespace {

constexpr size_t kOverhead = 32;

}  // namespace

std::optional<mapping::Failure> CheckMetadata(const grpc::ServerContextBase& context, size_t most) {
  size_t size = 0;
  for (const auto& [name, value] : context.client_metadata()) {
    size += name.size() + value.size() + kOverhead;
  }
  if (size <= most) return std::nullopt;
  return mapping::NotSent(absl::StatusCode::kResourceExhausted, "METADATA_TOO_LARGE",
                          "the call's metadata is larger than server.max_metadata_bytes");
}

}  // namespace gateway
