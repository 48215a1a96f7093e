// Converts between gRPC's buffers and contiguous bytes. Copies only where it must.
//
//   const ContiguousBytes request(buffer);
//   Use(request.bytes());
//   reply = ToBuffer(std::move(string));
//
// Thread-safety: objects share nothing. Lifetime: bytes() is valid as long as its ContiguousBytes.
#ifndef SERVICE_CALL_BYTE_BUFFER_H_
#define SERVICE_CALL_BYTE_BUFFER_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

class ContiguousBytes {
 public:
  // Points into the buffer if it has a single slice, as is usual; otherwise copies. The bytes are
  // empty if the buffer cannot be read.
  explicit ContiguousBytes(const grpc::ByteBuffer& buffer);
  ContiguousBytes(const ContiguousBytes&) = delete;
  ContiguousBytes& operator=(const ContiguousBytes&) = delete;

  absl::string_view bytes() const { return bytes_; }

 private:
  std::vector<grpc::Slice> slices_;
  std::string joined_;
  absl::string_view bytes_;
};

// Returns a buffer that owns the bytes.
grpc::ByteBuffer ToBuffer(std::string bytes);

}  // namespace gateway

#endif  // SERVICE_CALL_BYTE_BUFFER_H_
