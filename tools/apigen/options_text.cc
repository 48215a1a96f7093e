#include "tools/apigen/options_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace gateway::apigen {
namespace {

namespace pb = google::protobuf;

constexpr int kNotRepeated = -1;

pb::TextFormat::Printer OneLinePrinter() {
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  return printer;
}

std::string ValueText(const pb::Message& owner, const pb::FieldDescriptor& field, int index) {
  std::string text;
  OneLinePrinter().PrintFieldValueToString(owner, &field, index, &text);
  return std::string(absl::StripAsciiWhitespace(text));
}

std::vector<const pb::FieldDescriptor*> SetFields(const pb::Message& message) {
  std::vector<const pb::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

std::vector<std::string> Members(const pb::Message& message) {
  std::vector<std::string> members;
  for (const pb::FieldDescriptor* field : SetFields(message)) {
    const bool nested = field->message_type() != nullptr;
    const auto add = [&](int index) {
      const std::string value = ValueText(message, *field, index);
      members.push_back(nested ? absl::StrCat(field->name(), " {", value, "}")
                               : absl::StrCat(field->name(), ": ", value));
    };
    if (!field->is_repeated()) {
      add(kNotRepeated);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) add(i);
  }
  return members;
}

// The only member set, where it can be written with a dot.
const pb::FieldDescriptor* SingleMember(const pb::Message& message) {
  const auto fields = SetFields(message);
  if (fields.size() != 1) return nullptr;
  const pb::FieldDescriptor* only = fields.front();
  const bool plain = !only->is_repeated() && only->message_type() == nullptr;
  return plain && only->real_containing_oneof() == nullptr ? only : nullptr;
}

// The only member set, where it is a message within which a dot may go on.
const pb::FieldDescriptor* SingleMessage(const pb::Message& message) {
  const auto fields = SetFields(message);
  if (fields.size() != 1) return nullptr;
  const pb::FieldDescriptor* only = fields.front();
  const bool nested = !only->is_repeated() && only->message_type() != nullptr;
  return nested && only->real_containing_oneof() == nullptr ? only : nullptr;
}

OptionText MessageOption(const std::string& name, const pb::Message& value) {
  if (const pb::FieldDescriptor* only = SingleMessage(value)) {
    return MessageOption(absl::StrCat(name, ".", only->name()),
                         value.GetReflection()->GetMessage(value, only));
  }
  if (const pb::FieldDescriptor* only = SingleMember(value)) {
    return {absl::StrCat(name, ".", only->name()), ValueText(value, *only, kNotRepeated), {}};
  }
  const std::vector<std::string> members = Members(value);
  return {name, absl::StrCat("{", absl::StrJoin(members, " "), "}"), members};
}

}  // namespace

std::vector<OptionText> OptionTexts(const pb::Message& options) {
  std::vector<const pb::FieldDescriptor*> fields = SetFields(options);
  std::reverse(fields.begin(), fields.end());
  std::vector<OptionText> texts;
  for (const pb::FieldDescriptor* field : fields) {
    const std::string name =
        field->is_extension() ? absl::StrCat("(", field->full_name(), ")") : field->name();
    if (field->message_type() != nullptr && !field->is_repeated()) {
      texts.push_back(MessageOption(name, options.GetReflection()->GetMessage(options, field)));
    } else if (!field->is_repeated()) {
      texts.push_back({name, ValueText(options, *field, kNotRepeated), {}});
    } else {
      for (int i = 0; i < options.GetReflection()->FieldSize(options, field); ++i) {
        const std::string value = ValueText(options, *field, i);
        const bool nested = field->message_type() != nullptr;
        texts.push_back({name, nested ? absl::StrCat("{", value, "}") : value, {}});
      }
    }
  }
  return texts;
}

}  // namespace gateway::apigen
