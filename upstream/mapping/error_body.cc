#include "upstream/mapping/error_body.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/json_partial.h"
#include "upstream/mapping/json_tree.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// A longer error body is not an error message.
constexpr size_t kMaxBody = size_t{256} * 1024;
constexpr size_t kMaxText = 500;
constexpr size_t kSampled = 4096;
constexpr size_t kMaxSample = 200;

// Paths at which servers, gateways and frameworks commonly keep the parts of an error, written as
// in ErrorBody in annotations.proto. They are tried after the forms of the provider's protos. Each
// part is taken from the first path that has it.
struct CommonForm {
  absl::string_view code;
  absl::string_view message;
};
constexpr CommonForm kCommonForms[] = {
    {"code", "message"},
    {"error.code", "error.message"},
    {"error.type", "error.description"},
    {"error", "error_description"},  // RFC 6749
    {"error_code", "error_message"},
    {"errorCode", "errorMessage"},
    {"Code", "Message"},
    {"Error.Code", "Error.Message"},
    {"fault.faultcode", "fault.faultstring"},
    {"", "detail"},  // RFC 9457
    {"", "title"},
    {"", "msg"},
    {"", "error_msg"},
    {"", "reason"},
    {"", "description"},
    {"", "Error"},
};
constexpr absl::string_view kCommonErrors = "errors";
// Paths of lists. An element is a violation if it names the field that it is about (kPathNames).
constexpr absl::string_view kCommonViolations[] = {
    "errors",       "violations",    "details",          "invalid_params",  "invalid-params",
    "error.errors", "error.details", "validationErrors", "fieldViolations", "detail",
};
// The names that the members of an error in a list may have.
constexpr absl::string_view kCodeNames[] = {"code", "error_code", "errorCode", "type"};
constexpr absl::string_view kPathNames[] = {
    "path",     "field",        "param",          "loc",
    "name",     "pointer",      "source.pointer", "source.parameter",
    "property", "propertyPath", "propertyName",   "location"};
constexpr absl::string_view kMessageNames[] = {"message", "msg",   "detail", "description",
                                               "reason",  "title", "error"};

// Returns a string as one line, and a number or boolean as JSON writes it. Returns "" for other
// values: an upstream could nest them so deeply that printing them uses up the stack.
std::string ScalarText(const json& value) {
  if (value.is_string()) return OneLine(value.get_ref<const std::string&>(), kMaxText);
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

// Follows a path of members; returns null if it leads nowhere.
const json* At(const json& value, absl::string_view path) {
  if (path.empty()) return nullptr;
  const json* at = &value;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(std::string_view(name.data(), name.size()));
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

// The scalars of a list, with `separator` between them.
std::string ListText(const json& list, absl::string_view separator) {
  std::string text;
  for (const json& element : list) {
    const std::string part = ScalarText(element);
    if (!part.empty()) absl::StrAppend(&text, text.empty() ? "" : separator, part);
    if (text.size() > kMaxText) break;
  }
  return std::string(Utf8Prefix(text, kMaxText));
}

// The text of a scalar, or of the scalars in a list.
std::string TextOf(const json& value, absl::string_view separator) {
  return value.is_array() ? ListText(value, separator) : ScalarText(value);
}

std::string TextAt(const json& value, absl::string_view path, absl::string_view separator = "; ") {
  const json* found = At(value, path);
  return found == nullptr ? "" : TextOf(*found, separator);
}

class PartsReader {
 public:
  explicit PartsReader(const json& body) : body_(body) {}

  // Fills in the parts that are still empty.
  void Read(const v1::ErrorBody& form) {
    Fill(form.code(), parts_.code);
    Fill(form.message(), parts_.message);
    Fill(form.trace_id(), parts_.trace_id);
    const json* const found = At(body_, form.violations());
    if (found == nullptr || !parts_.violations.empty()) return;
    // In a list, the common names are tried too, after the names of the provider's form. Not in a
    // single object: it may be the error itself, whose `name` is not the name of a field.
    ReadViolations(*found, Names(form.violation_path(), kPathNames, found->is_array()),
                   Names(form.violation_message(), kMessageNames, found->is_array()));
  }

  void ReadCommonForms() {
    for (const CommonForm& form : kCommonForms) {
      // Fill both parts form by form, so that they come from one form if possible: the message of
      // another form may be about something else.
      Fill(form.code, parts_.code);
      Fill(form.message, parts_.message);
    }
    // {"error": "no such order"}: the error's only text is its message.
    if (parts_.message.empty() && absl::StrContains(parts_.code, ' ')) {
      parts_.message = std::move(parts_.code);
      parts_.code.clear();
    }
    const json* const errors = At(body_, kCommonErrors);
    if (errors != nullptr) ReadList(*errors);
    for (const absl::string_view path : kCommonViolations) {
      if (!parts_.violations.empty()) break;
      const json* const found = At(body_, path);
      if (found != nullptr) ReadWithPaths(*found);
    }
  }

  // Reads a list of errors. If the code is still empty, it is taken from the first error; so is the
  // message, unless that error names a field.
  void ReadList(const json& errors) {
    if (parts_.violations.empty()) ReadViolations(errors, kPathNames, kMessageNames);
    if (!errors.is_array() || errors.empty() || !errors.front().is_object()) return;
    const json& first = errors.front();
    if (parts_.code.empty()) parts_.code = FirstText(first, kCodeNames, "");
    if (!parts_.message.empty() || !FirstText(first, kPathNames, ".").empty()) return;
    parts_.message = FirstText(first, kMessageNames, "; ");
  }

  ErrorParts Take() { return std::move(parts_); }

 private:
  void Fill(absl::string_view path, std::string& text) {
    if (text.empty()) text = TextAt(body_, path);
  }

  void Add(std::string field, std::string description) {
    if (field.empty() && description.empty()) return;
    if (parts_.violations.size() >= Violations::kLimit) {
      ++parts_.violations_left_out;
      return;
    }
    if (description.empty()) description = "the upstream gives no reason";
    parts_.violations.push_back({std::move(field), std::move(description)});
  }

  template <typename Names>
  static std::string FirstText(const json& element, const Names& names,
                               absl::string_view separator) {
    for (const auto& name : names) {
      std::string text = TextAt(element, name, separator);
      if (!text.empty()) return text;
    }
    return "";
  }

  // Reads violations: a list, a single one, or an object whose members are named after the fields.
  template <typename Paths, typename Messages>
  void ReadViolations(const json& found, const Paths& paths, const Messages& messages) {
    if (found.is_array()) {
      for (const json& element : found) {
        if (element.is_object()) {
          Add(FirstText(element, paths, "."), FirstText(element, messages, "; "));
        } else if (element.is_string()) {
          Add("", ScalarText(element));
        }
      }
    } else if (found.is_object()) {
      std::string path = FirstText(found, paths, ".");
      if (!path.empty()) return Add(std::move(path), FirstText(found, messages, "; "));
      ByField(found);
    }
  }

  // {"Name": ["is required"]}, as ASP.NET and Laravel have it, {"name": "is required"}, or
  // {"name": {"message": "is required"}}.
  void ByField(const json& fields) {
    const bool error =
        !FirstText(fields, kCodeNames, "").empty() || !FirstText(fields, kMessageNames, "").empty();
    for (const auto& [name, reasons] : fields.items()) {
      const bool list_of_texts =
          reasons.is_array() && std::all_of(reasons.begin(), reasons.end(),
                                            [](const json& reason) { return reason.is_string(); });
      if (list_of_texts) {
        Add(OneLine(name, kMaxText), TextOf(reasons, "; "));
      } else if (!error && reasons.is_string()) {
        Add(OneLine(name, kMaxText), ScalarText(reasons));
      } else if (!error && reasons.is_object()) {
        const std::string text = FirstText(reasons, kMessageNames, "; ");
        if (!text.empty()) Add(OneLine(name, kMaxText), text);
      }
    }
  }

  // Reads the elements that name the field that they are about.
  void ReadWithPaths(const json& list) {
    if (!list.is_array()) return;
    for (const json& element : list) {
      std::string path = element.is_object() ? FirstText(element, kPathNames, ".") : "";
      if (!path.empty()) Add(std::move(path), FirstText(element, kMessageNames, "; "));
    }
  }

  template <size_t size>
  static std::vector<absl::string_view> Names(absl::string_view first,
                                              const absl::string_view (&others)[size], bool all) {
    std::vector<absl::string_view> names = {first};
    if (all) names.insert(names.end(), std::begin(others), std::end(others));
    return names;
  }

  const json& body_;
  ErrorParts parts_;
};

// A page without its tags: text between them is kept.
std::string WithoutTags(absl::string_view page) {
  std::string text;
  bool in_tag = false;
  for (size_t i = 0; i < page.size(); ++i) {
    const char c = page[i];
    // "a < b" has no tag.
    const char next = i + 1 < page.size() ? page[i + 1] : ' ';
    if (c == '<' && (absl::ascii_isalpha(next) || absl::StrContains("/!?", next))) in_tag = true;
    if (!in_tag) text.push_back(c);
    if (c == '>' && in_tag) {
      in_tag = false;
      text.push_back(' ');
    }
  }
  return text;
}

}  // namespace

std::string OneLine(absl::string_view text, size_t limit) {
  text = Utf8Prefix(text, 4 * limit);
  std::string mended;
  if (!IsUtf8(text)) text = mended = MendUtf8(text);
  std::string line;
  line.reserve(std::min(text.size(), limit));
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control || c == ' ') {
      if (!line.empty() && line.back() != ' ') line.push_back(' ');
    } else {
      line.push_back(c);
    }
  }
  line.resize(Utf8Prefix(line, limit).size());
  absl::StripTrailingAsciiWhitespace(&line);
  return line;
}

bool IsPage(const http::Response& response) {
  const absl::string_view content = JsonContent(response.body);
  if (absl::StartsWith(content, "<")) return true;
  // Some servers label all that they send as HTML.
  const bool json = absl::StartsWith(content, "{") || absl::StartsWith(content, "[");
  return !json && absl::StrContains(absl::AsciiStrToLower(response.Header("content-type")), "html");
}

std::string Sample(const http::Response& response) {
  const absl::string_view begin = absl::string_view(response.body).substr(0, kSampled);
  return OneLine(IsPage(response) ? WithoutTags(begin) : std::string(begin), kMaxSample);
}

bool IsErrorMember(const v1::Provider& provider, absl::string_view name) {
  const auto begins_with = [name](absl::string_view path) {
    return !path.empty() && path.substr(0, path.find('.')) == name;
  };
  return std::any_of(provider.error_body().begin(), provider.error_body().end(),
                     [&](const v1::ErrorBody& form) {
                       return begins_with(form.code()) || begins_with(form.message()) ||
                              begins_with(form.trace_id()) || begins_with(form.violations());
                     });
}

nlohmann::json LenientJson(absl::string_view body) {
  body = JsonContent(body);
  if (body.size() > kMaxBody) return json(json::value_t::discarded);
  json parsed = JsonTree(body);
  if (!parsed.is_discarded()) return parsed;
  const std::optional<MendedJson> mended = MendJson(body);
  if (mended) parsed = json::parse(mended->text, nullptr, false);
  if (!parsed.is_discarded()) return parsed;
  json partial = PartialJson(body);  // never copied: a copy of a deep value recurses
  if (partial.is_structured() && !partial.empty()) return partial;
  return json(json::value_t::discarded);
}

ErrorParts PartsOf(const v1::Provider& provider, const nlohmann::json& body) {
  PartsReader reader(body);
  if (body.is_array()) {
    reader.ReadList(body);
    return reader.Take();
  }
  for (const v1::ErrorBody& form : provider.error_body()) reader.Read(form);
  reader.ReadCommonForms();
  return reader.Take();
}

bool HasCodeAndMessage(const v1::Provider& provider, const json& body) {
  const auto both = [&body](absl::string_view code, absl::string_view message) {
    return !TextAt(body, code).empty() && !TextAt(body, message).empty();
  };
  return std::any_of(
             provider.error_body().begin(), provider.error_body().end(),
             [&](const v1::ErrorBody& form) { return both(form.code(), form.message()); }) ||
         std::any_of(std::begin(kCommonForms), std::end(kCommonForms),
                     [&](const CommonForm& form) { return both(form.code, form.message); });
}

ErrorParts ReadErrorBody(const v1::Provider& provider, const http::Response& response) {
  const json body = LenientJson(response.body);
  ErrorParts parts;
  const bool list = body.is_array() && !body.empty() && body.front().is_object();
  if (body.is_object() || list) parts = PartsOf(provider, body);
  const bool says_nothing = body.is_object() && body.empty();
  if (parts.message.empty() && parts.violations.empty() && !says_nothing) {
    parts.message = Sample(response);
  }
  return parts;
}

}  // namespace gateway::mapping
