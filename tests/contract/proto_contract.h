// The facts that the protos of one package state, out of their descriptors and nothing else: not
// out of the routes and plans that the service compiles from them, and not with the help of the
// tool that writes them.
//
// A message is a request if an RPC takes it, and a wrapped reply if an RPC returns it with a
// `response_body`; every other message, and every enum, has to be a schema of the contract.
//
// Thread-safety: a pure function. Errors: none; whatever a contract cannot say (a oneof, a stream,
// a second binding) is said as it is, and so becomes a difference.
#ifndef TESTS_CONTRACT_PROTO_CONTRACT_H_
#define TESTS_CONTRACT_PROTO_CONTRACT_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/strings/string_view.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

Facts ProtoFacts(const std::vector<const google::protobuf::FileDescriptor*>& files,
                 absl::string_view package);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_PROTO_CONTRACT_H_
