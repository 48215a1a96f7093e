#include "tests/contract/editable_protos.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/contract/proto_contract.h"
#include "tests/contract/providers.h"
#include "upstream/mapping/descriptors.h"

namespace gateway::contract {
namespace {

using google::api::HttpRule;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

class Complaints : public DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element,
                const google::protobuf::Message*, ErrorLocation,
                const std::string& message) override {
    absl::StrAppend(&text_, file, ": ", element, ": ", message, "\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

template <typename Elements>
auto& Named(Elements& elements, absl::string_view name) {
  for (auto& element : elements) {
    if (element.name() == name) return element;
  }
  std::cerr << "there is no " << name << "\n";
  std::abort();
}

bool IsOurs(const EditableProtos::File& file) { return file.package() == kPaynowPackage; }

// Returns the element with this name in any file of PayNow's package.
template <typename ElementsOf>
auto& InOurFiles(std::vector<EditableProtos::File>& files, absl::string_view name,
                 ElementsOf elements_of) {
  for (EditableProtos::File& file : files) {
    if (!IsOurs(file)) continue;
    for (auto& element : *elements_of(file)) {
      if (element.name() == name) return element;
    }
  }
  std::cerr << "there is no " << name << "\n";
  std::abort();
}

void RemoveOneof(EditableProtos::Message& message, int oneof) {
  message.mutable_oneof_decl()->DeleteSubrange(oneof, 1);
  for (auto& field : *message.mutable_field()) {
    if (field.has_oneof_index() && field.oneof_index() > oneof) {
      field.set_oneof_index(field.oneof_index() - 1);
    }
  }
}

std::string* MutablePath(HttpRule& rule) {
  switch (rule.pattern_case()) {
    case HttpRule::kGet:
      return rule.mutable_get();
    case HttpRule::kPut:
      return rule.mutable_put();
    case HttpRule::kPost:
      return rule.mutable_post();
    case HttpRule::kDelete:
      return rule.mutable_delete_();
    case HttpRule::kPatch:
      return rule.mutable_patch();
    default:
      return rule.mutable_custom()->mutable_path();
  }
}

}  // namespace

EditableProtos::EditableProtos() {
  for (const FileDescriptor* file : mapping::EmbeddedFiles()) {
    file->CopyTo(&files_.emplace_back());
  }
}

EditableProtos::File& EditableProtos::file(absl::string_view name) { return Named(files_, name); }

void EditableProtos::RemoveFile(absl::string_view name) {
  const File* unwanted = &file(name);
  files_.erase(files_.begin() + (unwanted - files_.data()));
}

EditableProtos::Service& EditableProtos::service(absl::string_view name) {
  return InOurFiles(files_, name, [](File& file) { return file.mutable_service(); });
}

EditableProtos::Rpc& EditableProtos::rpc(absl::string_view name) {
  std::pair<std::string, std::string> parts = absl::StrSplit(name, '.');
  return Named(*service(parts.first).mutable_method(), parts.second);
}

EditableProtos::Message& EditableProtos::message(absl::string_view name) {
  return InOurFiles(files_, name, [](File& file) { return file.mutable_message_type(); });
}

EditableProtos::Field& EditableProtos::field(absl::string_view name) {
  std::pair<std::string, std::string> parts = absl::StrSplit(name, '.');
  return Named(*message(parts.first).mutable_field(), parts.second);
}

EditableProtos::Enum& EditableProtos::enumeration(absl::string_view name) {
  return InOurFiles(files_, name, [](File& file) { return file.mutable_enum_type(); });
}

absl::StatusOr<Facts> EditableProtos::Compile() const {
  // With a database, a file may import a file that comes later in files_. Some mistakes add such an
  // import.
  google::protobuf::SimpleDescriptorDatabase database;
  for (const File& file : files_) database.Add(file);
  Complaints complaints;
  DescriptorPool pool(&database, &complaints);
  std::vector<const FileDescriptor*> built;
  for (const File& file : files_) {
    built.push_back(pool.FindFileByName(file.name()));
    if (built.back() == nullptr) return absl::InternalError(complaints.text());
  }
  return ProtoFacts(built, kPaynowPackage);
}

void SetPath(HttpRule& rule, const std::string& path) { *MutablePath(rule) = path; }

std::string PathOf(const HttpRule& rule) {
  HttpRule copy = rule;
  return *MutablePath(copy);
}

void AddField(EditableProtos::Message& message, const std::string& name,
              EditableProtos::Field::Type type) {
  constexpr int kFreeNumber = 4711;
  EditableProtos::Field& field = *message.add_field();
  field.set_name(name);
  field.set_number(kFreeNumber);
  field.set_type(type);
  field.set_label(EditableProtos::Field::LABEL_OPTIONAL);
  field.set_proto3_optional(true);
  field.set_oneof_index(message.oneof_decl_size());
  message.add_oneof_decl()->set_name(absl::StrCat("_", name));
}

void RemoveField(EditableProtos::Message& message, int index) {
  DropOptional(message, index);
  message.mutable_field()->DeleteSubrange(index, 1);
}

void DropOptional(EditableProtos::Message& message, int index) {
  EditableProtos::Field& field = *message.mutable_field(index);
  if (!field.proto3_optional()) return;
  int oneof = field.oneof_index();
  field.clear_proto3_optional();
  field.clear_oneof_index();
  RemoveOneof(message, oneof);
}

int IndexOf(const EditableProtos::Message& message, absl::string_view field) {
  for (int i = 0; i < message.field_size(); ++i) {
    if (message.field(i).name() == field) return i;
  }
  std::cerr << "there is no " << field << " in " << message.name() << "\n";
  std::abort();
}

}  // namespace gateway::contract
