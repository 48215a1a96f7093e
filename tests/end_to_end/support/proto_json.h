// Converts JSON to protobuf and back, for tests only. It uses descriptors and reflection, and
// shares no code with upstream/mapping; only the meaning of the annotations is the same.
//
// Thread-safety: one thread. Errors: a value that does not fit is a test failure that names the
// field.
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

// Returns nullptr if the message has no field with this wire name.
const FieldDescriptor* FindByWireName(const Descriptor& type, absl::string_view name);

// Whether the type is a google.protobuf message that JSON does not write as an object of its
// fields.
bool IsWellKnown(const Descriptor& type);

// Adds to `names` the fields of all messages reachable from `root`, including `root` itself.
void AddReachable(const Descriptor& root, std::set<std::string>& names);

class ProtoJson {
 public:
  // Null leaves the field unchanged.
  void SetMembers(Message& message, const Json& object);
  void SetField(Message& message, const FieldDescriptor& field, const Json& value);

  // Returns only the fields that are set.
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
