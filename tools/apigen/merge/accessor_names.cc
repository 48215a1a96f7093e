#include "tools/apigen/merge/accessor_names.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/v1/annotations.pb.h"

namespace gateway::apigen {
namespace {

constexpr char kOfEnum[] = "_value";
constexpr char kInstead[] = "_text";

Field* Find(Message& message, const std::string& name) {
  const auto found = std::find_if(message.fields.begin(), message.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == message.fields.end() ? nullptr : &*found;
}

bool IsCommitted(const Contract& committed, const std::string& message, const Field& field) {
  const auto before = committed.messages.find(message);
  if (before == committed.messages.end()) return false;
  const auto& fields = before->second.fields;
  return std::any_of(fields.begin(), fields.end(), [&](const Field& old) {
    return old.name == field.name && old.number == field.number;
  });
}

void Rename(Message& message, Field& field, const std::string& name) {
  std::string free = name;
  for (int i = 2; Find(message, free) != nullptr; ++i) free = absl::StrCat(name, "_", i);
  const std::string wire_name = WireNameOf(field);
  field.name = free;
  field.options.MutableExtension(gateway::v1::field)->set_wire_name(wire_name);
}

}  // namespace

void MakeAccessorsUnique(const Contract& committed, Contract& merged) {
  for (auto& [name, message] : merged.messages) {
    for (Field& field : message.fields) {
      if (field.label != Label::kOptional || merged.enums.count(field.type) == 0) continue;
      Field* const other = Find(message, absl::StrCat(field.name, kOfEnum));
      if (other == nullptr) continue;
      if (!IsCommitted(committed, name, *other)) {
        Rename(message, *other, absl::StrCat(field.name, kInstead));
      } else if (!IsCommitted(committed, name, field)) {
        Rename(message, field, absl::StrCat(field.name, "_enum"));
      }
    }
  }
}

}  // namespace gateway::apigen
