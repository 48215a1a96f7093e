// The facts that an RPC states about the REST operation behind it.
//
// Thread-safety: a pure function. Errors: none; see proto_contract.h.
#ifndef TESTS_CONTRACT_PROTO_RPC_H_
#define TESTS_CONTRACT_PROTO_RPC_H_

#include <google/protobuf/descriptor.h>

#include "tests/contract/facts.h"

namespace gateway::contract {

void AddRpc(const google::protobuf::MethodDescriptor& rpc, Facts& facts);

// Whether the RPC streams the pages of a list. The upstream has no operation for the stream, so the
// contract does not mention it. streams_test.cc compares such an RPC with its list.
bool IsStream(const google::protobuf::MethodDescriptor& rpc);

// Whether the reply message is not a DTO, but only wraps an array or a map.
bool WrapsReply(const google::protobuf::MethodDescriptor& rpc);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROTO_RPC_H_
