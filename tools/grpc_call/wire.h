// Converts messages that are known only by their descriptors between JSON and wire format.
//
// Thread-safety: pure functions.
#ifndef TOOLS_GRPC_CALL_WIRE_H_
#define TOOLS_GRPC_CALL_WIRE_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "absl/status/statusor.h"

namespace gateway::grpc_call {

// Returns INVALID_ARGUMENT if the JSON is not a message of this type.
absl::StatusOr<grpc::ByteBuffer> FromJson(const google::protobuf::Descriptor& type,
                                          const std::string& json);

// Returns INVALID_ARGUMENT if the bytes are not a message of this type.
absl::StatusOr<std::string> ToJson(const google::protobuf::Descriptor& type,
                                   const grpc::ByteBuffer& bytes);

std::string ToJson(const google::protobuf::Message& message);

}  // namespace gateway::grpc_call

#endif  // TOOLS_GRPC_CALL_WIRE_H_
