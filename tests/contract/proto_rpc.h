// What an RPC states about the REST operation behind it.
//
// Thread-safety: a pure function. Errors: none; see proto_contract.h.
#ifndef TESTS_CONTRACT_PROTO_RPC_H_
#define TESTS_CONTRACT_PROTO_RPC_H_

#include <google/protobuf/descriptor.h>

#include "tests/contract/facts.h"

namespace gateway::contract {

void AddRpc(const google::protobuf::MethodDescriptor& rpc, Facts& facts);

// Whether the RPC is a list as a stream. The upstream has no operation for it, so the contract does
// not mention it. streams_test.cc checks it against its list.
bool IsStream(const google::protobuf::MethodDescriptor& rpc);

// Whether the reply message is no DTO, but only holds an array or a map.
bool WrapsReply(const google::protobuf::MethodDescriptor& rpc);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROTO_RPC_H_
