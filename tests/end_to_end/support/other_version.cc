#include "tests/end_to_end/support/other_version.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>

namespace gateway::end_to_end {
namespace {

[[noreturn]] void Broken(const std::string& what) {
  std::cerr << what << " cannot be read\n";
  std::abort();
}

bool IsPlain(const FieldDescriptor& field) {
  return field.message_type() != nullptr && !IsWellKnown(*field.message_type());
}

// Calls change(field, element) for each single value of the field.
void ForEachElement(const FieldDescriptor& field, Json& value,
                    const std::function<void(const FieldDescriptor&, Json&)>& change) {
  if (value.is_null()) return;
  if (field.is_map()) {
    for (Json& element : value) change(*field.message_type()->map_value(), element);
  } else if (field.is_repeated() && value.is_array()) {
    for (Json& element : value) change(field, element);
  } else {
    change(field, value);
  }
}

bool HasText(const EnumDescriptor& type, const Json& text) {
  for (int i = 1; i < type.value_count(); ++i) {
    if (text == WireText(*type.value(i))) return true;
  }
  return false;
}

}  // namespace

std::string Unpacked(const std::string& name) {
  std::ifstream file(std::string(SOURCE_DIR) + "/tests/end_to_end/testdata/" + name,
                     std::ios::binary);
  google::protobuf::io::IstreamInputStream packed(&file);
  google::protobuf::io::GzipInputStream stream(&packed);
  std::string bytes;
  const void* data = nullptr;
  int size = 0;
  while (stream.Next(&data, &size)) {
    bytes.append(static_cast<const char*>(data), static_cast<size_t>(size));
  }
  if (bytes.empty() || stream.ZlibErrorMessage() != nullptr) Broken(name);
  return bytes;
}

mapping::Files ProtosOf(const std::string& descriptor_set) {
  google::protobuf::FileDescriptorSet set;
  if (!set.ParseFromString(descriptor_set)) Broken("the descriptor set");
  auto* const pool = new google::protobuf::DescriptorPool;
  mapping::Files files;
  for (const google::protobuf::FileDescriptorProto& file : set.file()) {
    files.push_back(pool->BuildFile(file));
    if (files.back() == nullptr) Broken(file.name());
  }
  return files;
}

Json Known(const Descriptor& type, const Json& value) {
  if (!value.is_object()) return value;
  Json known = Json::object();
  for (const auto& [name, member] : value.items()) {
    const FieldDescriptor* field = FindByWireName(type, name);
    if (field != nullptr) known[name] = Known(*field, member);
  }
  return known;
}

Json Known(const FieldDescriptor& field, const Json& value) {
  Json known = value;
  ForEachElement(field, known, [](const FieldDescriptor& leaf, Json& element) {
    if (IsPlain(leaf)) element = Known(*leaf.message_type(), element);
    const bool number = leaf.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && element.is_string();
    // The id was a number in the old version, and is a text in today's sample.
    if (number && RulesOf(leaf).format() != v1::FLAKE_ID) {
      element = std::stoll(element.get<std::string>());
    }
  });
  return known;
}

void UseKnownTexts(const Descriptor& type, Json& value) {
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    const FieldDescriptor* field = FindByWireName(type, name);
    if (field != nullptr) UseKnownTexts(*field, member);
  }
}

void UseKnownTexts(const FieldDescriptor& field, Json& value) {
  ForEachElement(field, value, [](const FieldDescriptor& leaf, Json& element) {
    if (IsPlain(leaf)) return UseKnownTexts(*leaf.message_type(), element);
    if (leaf.enum_type() == nullptr || HasText(*leaf.enum_type(), element)) return;
    element = WireText(*leaf.enum_type()->value(1));
  });
}

void AddRequiredLists(const Descriptor& type, Json& value) {
  if (!value.is_object()) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = WireName(field);
    if (value.contains(name)) {
      AddRequiredLists(field, value[name]);
    } else if (field.is_repeated() && RulesOf(field).required()) {
      value[name] = field.is_map() ? Json::object() : Json::array();
    }
  }
}

void AddRequiredLists(const FieldDescriptor& field, Json& value) {
  ForEachElement(field, value, [](const FieldDescriptor& leaf, Json& element) {
    if (IsPlain(leaf)) AddRequiredLists(*leaf.message_type(), element);
  });
}

}  // namespace gateway::end_to_end
