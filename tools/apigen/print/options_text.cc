#include "tools/apigen/print/options_text.h"

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
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

const pb::Message& NestedMessage(const pb::Message& owner, const pb::FieldDescriptor& field,
                                 int index) {
  return index == kNotRepeated ? owner.GetReflection()->GetMessage(owner, &field)
                               : owner.GetReflection()->GetRepeatedMessage(owner, &field, index);
}

bool HasMessages(const pb::Message& message) {
  const auto fields = SetFields(message);
  return std::any_of(fields.begin(), fields.end(), [](const pb::FieldDescriptor* field) {
    return field->message_type() != nullptr;
  });
}

std::vector<std::string> Members(const pb::Message& message);

// Returns a message on one line. If the message holds further messages, each of its members gets a
// line.
std::string MessageText(absl::string_view name, const pb::Message& value,
                        const std::string& plain) {
  if (!HasMessages(value)) return absl::StrCat(name, " { ", plain, " }");
  std::string text = absl::StrCat(name, " {\n");
  for (const std::string& member : Members(value)) {
    absl::StrAppend(&text, "  ", absl::StrReplaceAll(member, {{"\n", "\n  "}}), "\n");
  }
  return text + "}";
}

std::vector<std::string> Members(const pb::Message& message) {
  std::vector<std::string> members;
  for (const pb::FieldDescriptor* field : SetFields(message)) {
    const auto add = [&](int index) {
      const std::string value = ValueText(message, *field, index);
      members.push_back(
          field->message_type() != nullptr
              ? MessageText(field->name(), NestedMessage(message, *field, index), value)
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

// Returns the only member that is set, if that member can be written with a dot: it is neither
// repeated nor a message that holds further messages. Otherwise returns null.
const pb::FieldDescriptor* SingleMember(const pb::Message& message) {
  const auto fields = SetFields(message);
  if (fields.size() != 1 || fields.front()->is_repeated()) return nullptr;
  const pb::FieldDescriptor* only = fields.front();
  if (only->message_type() == nullptr) return only;
  return HasMessages(message.GetReflection()->GetMessage(message, only)) ? nullptr : only;
}

OptionText MessageOption(const std::string& name, const pb::Message& value) {
  if (const pb::FieldDescriptor* only = SingleMember(value)) {
    const std::string dotted = absl::StrCat(name, ".", only->name());
    if (only->message_type() != nullptr) {
      return MessageOption(dotted, value.GetReflection()->GetMessage(value, only));
    }
    return {dotted, ValueText(value, *only, kNotRepeated), {}};
  }
  const std::vector<std::string> members = Members(value);
  return {name, absl::StrCat("{", absl::StrJoin(members, " "), "}"), members};
}

// Returns an option whose only set member belongs to a oneof, such as google.api.http. Such an
// option reads better in braces than with a dot.
OptionText OneofOption(const std::string& name, const pb::Message& value) {
  const std::vector<std::string> members = Members(value);
  return {name, absl::StrCat("{", absl::StrJoin(members, " "), "}"), members};
}

bool BeginsWithOneof(const pb::Message& value) {
  const auto fields = SetFields(value);
  return fields.size() == 1 && fields.front()->real_containing_oneof() != nullptr;
}

// Gives each member that is a message a statement of its own. A statement for a message with a
// oneof goes to `tail`, so that it comes after all others.
void SplitOption(const std::string& name, const pb::Message& value, std::vector<OptionText>& texts,
                 std::vector<OptionText>& tail) {
  std::unique_ptr<pb::Message> plain(value.New());
  plain->CopyFrom(value);
  for (const pb::FieldDescriptor* field : SetFields(value)) {
    if (field->message_type() == nullptr || field->is_repeated()) continue;
    const bool choice = field->message_type()->real_oneof_decl_count() > 0;
    (choice ? tail : texts)
        .push_back(MessageOption(absl::StrCat(name, ".", field->name()),
                                 value.GetReflection()->GetMessage(value, field)));
    plain->GetReflection()->ClearField(plain.get(), field);
  }
  if (SetFields(*plain).empty()) return;
  texts.push_back(BeginsWithOneof(*plain) ? OneofOption(name, *plain)
                                          : MessageOption(name, *plain));
}

}  // namespace

std::vector<OptionText> OptionTexts(const pb::Message& options) {
  std::vector<const pb::FieldDescriptor*> fields = SetFields(options);
  std::reverse(fields.begin(), fields.end());
  std::vector<OptionText> texts;
  std::vector<OptionText> tail;
  for (const pb::FieldDescriptor* field : fields) {
    const std::string name =
        field->is_extension() ? absl::StrCat("(", field->full_name(), ")") : field->name();
    if (field->message_type() != nullptr && !field->is_repeated()) {
      SplitOption(name, options.GetReflection()->GetMessage(options, field), texts, tail);
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
  texts.insert(texts.end(), tail.begin(), tail.end());
  return texts;
}

}  // namespace gateway::apigen
