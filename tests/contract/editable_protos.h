// The protos embedded by the build, as descriptors that a test can change and compile again in
// their own pool.
//
// Thread-safety: none. Lifetime: returned references live as long as the EditableProtos. Errors: an
// unknown name is a mistake in the test and aborts it.
#ifndef TESTS_CONTRACT_EDITABLE_PROTOS_H_
#define TESTS_CONTRACT_EDITABLE_PROTOS_H_

#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/v1/annotations.pb.h"
#include "google/api/annotations.pb.h"
#include "tests/contract/facts.h"

namespace gateway::contract {

class EditableProtos {
 public:
  using File = google::protobuf::FileDescriptorProto;
  using Message = google::protobuf::DescriptorProto;
  using Field = google::protobuf::FieldDescriptorProto;
  using Enum = google::protobuf::EnumDescriptorProto;
  using Rpc = google::protobuf::MethodDescriptorProto;
  using Service = google::protobuf::ServiceDescriptorProto;

  EditableProtos();

  void RemoveFile(absl::string_view name);
  // `name` is a path such as "paynow/management/v1/orders.proto".
  File& file(absl::string_view name);
  // `name` is, for example, "OrdersService".
  Service& service(absl::string_view name);
  // `name` is, for example, "OrdersService.RefundOrder".
  Rpc& rpc(absl::string_view name);
  // `name` is, for example, "OrderDto".
  Message& message(absl::string_view name);
  // `name` is, for example, "OrderDto.id".
  Field& field(absl::string_view name);
  // `name` is, for example, "OrderStatus".
  Enum& enumeration(absl::string_view name);

  // Returns INTERNAL with protobuf's message if the changes do not compile.
  absl::StatusOr<Facts> Compile() const;

 private:
  std::vector<File> files_;  // all embedded files, including imported ones
};

// Mutable access to the project's options and to the HTTP rule.
inline v1::FieldRules& RulesOf(EditableProtos::Field& field) {
  return *field.mutable_options()->MutableExtension(v1::field);
}
inline v1::MethodRules& RulesOf(EditableProtos::Rpc& rpc) {
  return *rpc.mutable_options()->MutableExtension(v1::method);
}
inline google::api::HttpRule& HttpOf(EditableProtos::Rpc& rpc) {
  return *rpc.mutable_options()->MutableExtension(google::api::http);
}

// Sets or returns the path of the rule, whichever verb the rule has.
void SetPath(google::api::HttpRule& rule, const std::string& path);
std::string PathOf(const google::api::HttpRule& rule);

// Adds an optional field.
void AddField(EditableProtos::Message& message, const std::string& name,
              EditableProtos::Field::Type type);
// Removes the field together with the synthetic oneof of `optional`.
void RemoveField(EditableProtos::Message& message, int index);
// Does nothing to a field that is not optional.
void DropOptional(EditableProtos::Message& message, int index);
int IndexOf(const EditableProtos::Message& message, absl::string_view field);

}  // namespace gateway::contract

#endif  // TESTS_CONTRACT_EDITABLE_PROTOS_H_
