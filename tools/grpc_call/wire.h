// Messages known by their descriptors only, between JSON and the wire.
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

// INVALID_ARGUMENT where the JSON is none of this type.
absl::StatusOr<grpc::ByteBuffer> FromJson(const google::protobuf::Descriptor& type,
                                          const std::string& json);

// INVALID_ARGUMENT where the bytes are none of this type.
absl::StatusOr<std::string> ToJson(const google::protobuf::Descriptor& type,
                                   const grpc::ByteBuffer& bytes);

std::string ToJson(const google::protobuf::Message& message);

}  // namespace gateway::grpc_call

#endif  // TOOLS_GRPC_CALL_WIRE_H_
