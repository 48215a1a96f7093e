// The facts that the protos of one package state. They are read only from the descriptors:
// independently of the routes and plans that the service compiles, and of the tool that writes the
// protos.
//
// A message is a request if an RPC takes it, and a wrapped reply if an RPC with a `response_body`
// returns it. Every other message, and every enum, must be a schema of the contract.
//
// Thread-safety: a pure function. Errors: none; anything that a contract cannot state (a oneof, a
// stream, a second binding) is reported as a fact and so becomes a difference.
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
