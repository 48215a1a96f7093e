#include "tools/apigen/print/printer.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "google/protobuf/descriptor.h"
#include "tools/apigen/print/options_text.h"

namespace gateway::apigen {
namespace {

constexpr size_t kWidth = 100;

std::string Declaration(const Field& field) {
  switch (field.label) {
    case Label::kOptional:
      return absl::StrCat("optional ", field.type, " ", field.name, " = ", field.number);
    case Label::kPlain:
      return absl::StrCat(field.type, " ", field.name, " = ", field.number);
    case Label::kRepeated:
      return absl::StrCat("repeated ", field.type, " ", field.name, " = ", field.number);
    case Label::kMap:
      return absl::StrCat("map<string, ", field.type, "> ", field.name, " = ", field.number);
  }
  return "";
}

bool IsOneLine(const std::string& comment) {
  return !comment.empty() && comment.find('\n') == comment.size() - 1;
}

class Printer {
 public:
  explicit Printer(const File& file) : file_(file) {}

  std::string Run() {
    PrintHead();
    for (const Service& service : file_.services) PrintService(service);
    for (const Message& message : file_.messages) PrintMessage(message);
    for (const Enum& value : file_.enums) PrintEnum(value);
    return std::move(out_);
  }

 private:
  void Line(size_t indent, absl::string_view text) {
    if (!text.empty()) out_.append(2 * indent, ' ');
    absl::StrAppend(&out_, text, "\n");
  }

  void CommentLines(size_t indent, absl::string_view comment) {
    absl::ConsumeSuffix(&comment, "\n");
    for (absl::string_view line : absl::StrSplit(comment, '\n')) {
      Line(indent, absl::StrCat("//", absl::StripTrailingAsciiWhitespace(line)));
    }
  }

  void Before(size_t indent, const Comments& comments) {
    for (const std::string& detached : comments.detached) {
      if (!absl::EndsWith(out_, "\n\n") && !out_.empty()) Line(0, "");
      CommentLines(indent, detached);
      Line(0, "");
    }
    if (!comments.leading.empty()) CommentLines(indent, comments.leading);
  }

  // Writes a statement or an opening brace, and its trailing comment: on the same line if there is
  // room, otherwise below.
  void Statement(size_t indent, const std::string& text, const Comments& comments) {
    if (IsOneLine(comments.trailing)) {
      const std::string beside = absl::StrCat(
          text, "  //", absl::StripTrailingAsciiWhitespace(absl::string_view(comments.trailing)));
      // If the text has several lines, all lines after the first are indented already.
      const size_t last_line = beside.rfind('\n');
      const size_t width = last_line == std::string::npos ? 2 * indent + beside.size()
                                                          : beside.size() - last_line - 1;
      if (width <= kWidth) return Line(indent, beside);
    }
    Line(indent, text);
    if (comments.trailing.empty()) return;
    CommentLines(absl::EndsWith(text, "{") ? indent + 1 : indent, comments.trailing);
    Line(0, "");
  }

  void PrintHead() {
    Before(0, file_.notes.head);
    Statement(0, "syntax = \"proto3\";", file_.notes.head);
    Line(0, "");
    Before(0, file_.notes.package);
    Statement(0, absl::StrCat("package ", file_.package, ";"), file_.notes.package);
    if (!file_.imports.empty()) Line(0, "");
    for (const std::string& import : file_.imports) {
      const auto known = file_.notes.imports.find(import);
      const Comments comments = known == file_.notes.imports.end() ? Comments() : known->second;
      Before(0, comments);
      Statement(0, absl::StrCat("import \"", import, "\";"), comments);
    }
    const auto options = OptionTexts(file_.notes.options);
    if (!options.empty()) Line(0, "");
    for (const OptionText& option : options) PrintOption(0, option);
  }

  // An option as a statement of its own.
  void PrintOption(size_t indent, const OptionText& option) {
    const std::string line = absl::StrCat("option ", option.name, " = ", option.value, ";");
    const bool block = line.find('\n') != std::string::npos;
    const bool fits = !block && 2 * indent + line.size() <= kWidth;
    if (fits || option.members.empty()) return Line(indent, line);
    Line(indent, absl::StrCat("option ", option.name, " = {"));
    for (const std::string& member : option.members) {
      for (absl::string_view part : absl::StrSplit(member, '\n')) Line(indent + 1, part);
    }
    Line(indent, "};");
  }

  void PrintService(const Service& service) {
    Line(0, "");
    Before(0, service.comments);
    Statement(0, absl::StrCat("service ", service.name, " {"), service.comments);
    const auto options = OptionTexts(service.options);
    for (const OptionText& option : options) PrintOption(1, option);
    bool first = options.empty();
    for (const Method& method : service.methods) {
      if (!first) Line(0, "");
      first = false;
      PrintMethod(method);
    }
    Line(0, "}");
  }

  void PrintMethod(const Method& method) {
    Before(1, method.comments);
    Statement(1, Signature(method), method.comments);
    for (const OptionText& option : OptionTexts(method.options)) PrintOption(2, option);
    Line(1, "}");
  }

  // Returns the signature on as few lines as possible.
  static std::string Signature(const Method& method) {
    const std::string call = absl::StrCat("rpc ", method.name, "(");
    const std::string input = absl::StrCat(method.input, ")");
    const std::string returns =
        absl::StrCat("returns (", method.streams ? "stream " : "", method.output, ") {");
    const size_t one_line = 2 + call.size() + input.size() + 1 + returns.size();
    if (one_line <= kWidth) return absl::StrCat(call, input, " ", returns);
    const bool input_fits = 2 + call.size() + input.size() <= kWidth;
    return absl::StrCat(call, input_fits ? "" : "\n      ", input, "\n      ", returns);
  }

  // A field or an enum value.
  void PrintDeclaration(const std::string& declaration, const google::protobuf::Message& options,
                        const Comments& comments) {
    Before(1, comments);
    Statement(1, absl::StrCat(declaration, OptionList(declaration.size(), options), ";"), comments);
  }

  // " [a = 1, b = 2]": beside the declaration if there is room, otherwise below it, otherwise one
  // option per line.
  static std::string OptionList(size_t used, const google::protobuf::Message& options) {
    std::vector<std::string> texts;
    for (const OptionText& option : OptionTexts(options)) {
      texts.push_back(absl::StrCat(option.name, " = ", option.value));
    }
    if (texts.empty()) return "";
    const std::string list = absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
    if (2 + used + 1 + list.size() + 1 <= kWidth) return absl::StrCat(" ", list);
    if (6 + list.size() + 1 <= kWidth) return absl::StrCat("\n      ", list);
    return absl::StrCat(" [\n    ", absl::StrJoin(texts, ",\n    "), "\n  ]");
  }

  void PrintMessage(const Message& message) {
    Line(0, "");
    Before(0, message.comments);
    const auto options = OptionTexts(message.options);
    if (message.fields.empty() && message.reserved.empty() && options.empty()) {
      return Statement(0, absl::StrCat("message ", message.name, " {}"), message.comments);
    }
    Statement(0, absl::StrCat("message ", message.name, " {"), message.comments);
    for (const OptionText& option : options) PrintOption(1, option);
    PrintReserved(message.reserved, google::protobuf::FieldDescriptor::kMaxNumber,
                  !message.fields.empty());
    for (const Field& field : message.fields) {
      PrintDeclaration(Declaration(field), field.options, field.comments);
    }
    Line(0, "}");
  }

  void PrintEnum(const Enum& value) {
    Line(0, "");
    Before(0, value.comments);
    Statement(0, absl::StrCat("enum ", value.name, " {"), value.comments);
    for (const OptionText& option : OptionTexts(value.options)) PrintOption(1, option);
    PrintReserved(value.reserved, INT32_MAX, true);
    for (const EnumValue& entry : value.values) {
      PrintDeclaration(absl::StrCat(entry.name, " = ", entry.number), entry.options,
                       entry.comments);
    }
    Line(0, "}");
  }

  void PrintReserved(const Reserved& reserved, int max, bool more_follows) {
    std::vector<std::string> ranges;
    for (const auto& [first, last] : reserved.ranges()) {
      ranges.push_back(first == last ? absl::StrCat(first)
                       : last == max ? absl::StrCat(first, " to max")
                                     : absl::StrCat(first, " to ", last));
    }
    std::vector<std::string> names;
    for (const std::string& name : reserved.names) names.push_back(absl::StrCat("\"", name, "\""));
    PrintReservedStatement(ranges, reserved.range_comments);
    PrintReservedStatement(names, reserved.name_comments);
    if (!reserved.empty() && more_follows) Line(0, "");
  }

  void PrintReservedStatement(const std::vector<std::string>& items, const Comments& comments) {
    if (items.empty()) return;
    Before(1, comments);
    std::string text = "reserved";
    size_t line_start = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const std::string item = absl::StrCat(items[i], i + 1 == items.size() ? ";" : ",");
      if (2 + text.size() - line_start + 1 + item.size() > kWidth) {
        absl::StrAppend(&text, "\n     ");
        line_start = text.size() - 5;
      }
      absl::StrAppend(&text, " ", item);
    }
    Statement(1, text, comments);
  }

  const File& file_;
  std::string out_;
};

}  // namespace

std::string Print(const File& file) { return Printer(file).Run(); }

}  // namespace gateway::apigen
