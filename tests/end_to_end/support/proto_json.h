// JSON to protobuf and back, for the tests alone: a walk over descriptors and reflection that
// shares no line with upstream/mapping. Only the meaning of the annotations is the same on both
// sides.
//
// Thread-safety: one thread. Errors: what does not fit is a test failure that names the field.
#ifndef TESTS_END_TO_END_SUPPORT_PROTO_JSON_H_
#define TESTS_END_TO_END_SUPPORT_PROTO_JSON_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "upstream/sandbox/json.h"

namespace gateway::end_to_end {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using sandbox::Absent;
using sandbox::IsAbsent;
using sandbox::Json;

const v1::FieldRules& RulesOf(const FieldDescriptor& field);

// The field's name in JSON or in a query.
std::string WireName(const FieldDescriptor& field);

// The value's text in JSON.
std::string WireText(const EnumValueDescriptor& value);

// nullptr where the message has no field of this wire name.
const FieldDescriptor* FindByWireName(const Descriptor& type, absl::string_view name);

// Messages of google.protobuf that JSON does not write as objects of their fields.
bool IsWellKnown(const Descriptor& type);

// Fields of the messages that can be reached from `root`, itself included, into `names`.
void AddReachable(const Descriptor& root, std::set<std::string>& names);

class ProtoJson {
 public:
  // Null leaves a field as it is.
  void SetMembers(Message& message, const Json& object);
  void SetField(Message& message, const FieldDescriptor& field, const Json& value);

  // Only what is set.
  Json Members(const Message& message);
  Json Value(const Message& message, const FieldDescriptor& field);

  // Full names of the fields that were set or read.
  const std::set<std::string>& seen() const { return seen_; }

 private:
  void SetScalar(Message& message, const FieldDescriptor& field, const Json& value);
  void SetEnum(Message& message, const FieldDescriptor& field, const Json& value);
  void SetMessage(Message& message, const Descriptor& type, const Json& value);
  Json Element(const Message& message, const FieldDescriptor& field, int index);
  Json OfMessage(const Message& message);

  std::set<std::string> seen_;
};

}  // namespace gateway::end_to_end

#endif  // TESTS_END_TO_END_SUPPORT_PROTO_JSON_H_
