// Between gRPC's buffers and bytes in one piece, without copying where that is possible.
//
//   const OnePiece request(buffer);
//   Use(request.bytes());
//   reply = ToBuffer(std::move(string));
//
// Thread-safety: none is shared. Lifetime: the bytes of a OnePiece live as long as it does.
#ifndef SERVICE_CALL_BYTE_BUFFER_H_
#define SERVICE_CALL_BYTE_BUFFER_H_

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace gateway {

class OnePiece {
 public:
  // The bytes stay where they are if they came in one piece, which is the rule. None for a buffer
  // that cannot be read.
  explicit OnePiece(const grpc::ByteBuffer& buffer);
  OnePiece(const OnePiece&) = delete;
  OnePiece& operator=(const OnePiece&) = delete;

  absl::string_view bytes() const { return bytes_; }

 private:
  std::vector<grpc::Slice> slices_;
  std::string joined_;
  absl::string_view bytes_;
};

// A buffer that owns the string.
grpc::ByteBuffer ToBuffer(std::string bytes);

}  // namespace gateway

#endif  // SERVICE_CALL_BYTE_BUFFER_H_
