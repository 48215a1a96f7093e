#include "upstream/mapping/credential.h"

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gateway/v1/annotations.pb.h"

namespace gateway::mapping {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool HasCredential(const Descriptor& type) {
  absl::flat_hash_set<const Descriptor*> seen = {&type};
  std::vector<const Descriptor*> left = {&type};
  while (!left.empty()) {
    const Descriptor& next = *left.back();
    left.pop_back();
    for (int i = 0; i < next.field_count(); ++i) {
      const FieldDescriptor& field = *next.field(i);
      if (field.options().GetExtension(v1::field).credential()) return true;
      const Descriptor* const inner = field.message_type();
      if (inner != nullptr && seen.insert(inner).second) left.push_back(inner);
    }
  }
  return false;
}

void ClearCredentials(google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* const field : fields) {
    if (field->options().GetExtension(v1::field).credential()) {
      reflection.ClearField(&message, field);
    } else if (field->message_type() == nullptr) {
      continue;
    } else if (!field->is_repeated()) {
      ClearCredentials(*reflection.MutableMessage(&message, field));
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearCredentials(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace gateway::mapping
