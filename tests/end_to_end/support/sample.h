// The values of one call, made from the contract: what must arrive at the upstream, and what the
// upstream answers.
//
// Pure and deterministic, like upstream/sandbox/example.h. Thread-safety: one thread.
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
  Json reply = Absent();  // absent if the operation answers without content
};

// Returns the type of the reply, or nullopt if the operation answers without content. The type is
// free-form if the protos state that the contract is wrong about it.
std::optional<sandbox::Type> ReplyType(const Rpc& rpc);

// Makes values within the bounds that the annotations state. With Fill::kFull, fields that the
// protos have beyond the contract are filled too.
Sample MakeSample(const Rpc& rpc, const sandbox::ExampleOptions& options);

// Returns the sample as the RPC's request, without a mask.
std::unique_ptr<Message> ToRequest(const Rpc& rpc, const Sample& sample, ProtoJson& convert);

// Lists every member of the body in the mask. An object that holds a null is listed member by
// member.
void AddMask(const Rpc& rpc, const Json& body, Message& request);

// Returns the reply message as the JSON that the upstream must have sent. If an RPC accepts an
// array or an object, a single element becomes an object where the contract declares one.
Json FromReply(const Rpc& rpc, const Message& reply, ProtoJson& convert);

// Calls visit(schema, value) for each value within `value` whose type is a named schema.
using Visit = std::function<void(const sandbox::Schema& schema, Json& value)>;
void ForEachNamed(const sandbox::Type& type, Json& value, const Visit& visit);

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_SAMPLE_H_
