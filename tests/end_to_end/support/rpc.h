// An operation of the contract, together with the RPC whose HTTP rule has the operation's verb and
// path.
//
// Thread-safety: immutable. Lifetime: an Rpc must not outlive the contract it was made from.
#ifndef TESTS_END_TO_END_SUPPORT_RPC_H_
#define TESTS_END_TO_END_SUPPORT_RPC_H_

#include <google/protobuf/descriptor.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/end_to_end/support/proto_json.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/sandbox/contract.h"

namespace gateway::end_to_end {

inline constexpr char kPackage[] = "paynow.management.v1.";

// Returns the prefix of the provider's proto names, such as "qashier.v1.".
std::string PackageOf(const std::string& provider);

struct Rpc {
  const sandbox::Operation* operation;
  const google::protobuf::MethodDescriptor* method;
  const v1::Provider* provider;
  std::string path;           // "/package.Service/Method"
  std::string response_body;  // of the http rule
  bool read;
  bool array_or_object;
  const FieldDescriptor* body = nullptr;
  const FieldDescriptor* mask = nullptr;

  bool form() const { return provider->encoding() == v1::FORM; }
  const std::string& name() const { return method->full_name(); }
};

// Adds a test failure for each operation that has no RPC.
std::vector<Rpc> RpcsOf(const sandbox::Contract& contract);

// Like RpcsOf, but only for operations for which `files` have an RPC.
std::vector<Rpc> KnownRpcsOf(const sandbox::Contract& contract, const mapping::Files& files);

// Returns the RPC of the operation "Orders_GetOrders", for example. The program ends if there is
// none.
const Rpc& Find(const std::vector<Rpc>& rpcs, absl::string_view operation);

// An empty message of this type.
std::unique_ptr<Message> NewMessage(const Descriptor& type);

// Returns the descriptor of a message that gRPC or the protos have linked in.
const Descriptor& TypeNamed(const std::string& full_name);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_RPC_H_
