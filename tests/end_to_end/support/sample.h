// One call's values, made from the contract: what is to arrive at the upstream, and what it
// answers.
//
// Pure and deterministic, as upstream/sandbox/example.h is. Thread-safety: one thread.
#ifndef TESTS_END_TO_END_SUPPORT_SAMPLE_H_
#define TESTS_END_TO_END_SUPPORT_SAMPLE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/end_to_end/support/proto_json.h"
#include "tests/end_to_end/support/rpc.h"
#include "upstream/sandbox/example.h"

namespace gateway::end_to_end {

struct Sample {
  std::vector<Json> path;                           // in the order of the path
  std::vector<std::pair<std::string, Json>> query;  // an array repeats its key
  Json body = Absent();
  Json reply = Absent();  // absent where the operation answers without content
};

// What the operation answers with; nothing where it answers without content. Free-form where the
// protos state that the contract is wrong about it.
std::optional<sandbox::Type> ReplyType(const Rpc& rpc);

// Values within the bounds that the annotations state; fields that the protos have beyond the
// contract are filled too where everything is.
Sample MakeSample(const Rpc& rpc, const sandbox::ExampleOptions& options);

// The sample as the RPC's request, without a mask.
std::unique_ptr<Message> ToRequest(const Rpc& rpc, const Sample& sample, ProtoJson& convert);

// Lists every member of the body in the mask. Objects that hold a null are listed member by member.
void AddMask(const Rpc& rpc, const Json& body, Message& request);

// The reply message as the JSON that the upstream must have sent. Of an RPC that reads an array or
// an object, a single element is an object where the contract declares one.
Json FromReply(const Rpc& rpc, const Message& reply, ProtoJson& convert);

// Calls visit(schema, value) for each value of a named schema within `value`.
using Visit = std::function<void(const sandbox::Schema& schema, Json& value)>;
void ForEachNamed(const sandbox::Type& type, Json& value, const Visit& visit);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_SAMPLE_H_
