#include "upstream/mapping/guard.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace gateway::mapping {
namespace {

using google::protobuf::FieldDescriptor;

bool CanGuard(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 ||
         field.cpp_type() == FieldDescriptor::CPPTYPE_INT32;
}

}  // namespace

absl::StatusOr<std::vector<const FieldDescriptor*>> ResolveGuard(
    const google::protobuf::Descriptor& request, absl::string_view path) {
  std::vector<const FieldDescriptor*> fields;
  const google::protobuf::Descriptor* message = &request;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field =
        message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) {
      return absl::InvalidArgumentError(
          absl::StrCat("once.guard: \"", path, "\" is not the path of a single field"));
    }
    fields.push_back(field);
    message = field->message_type();
  }
  if (CanGuard(*fields.back())) return fields;
  return absl::InvalidArgumentError(
      absl::StrCat("once.guard: \"", path, "\" is neither a string nor an integer"));
}

}  // namespace gateway::mapping
