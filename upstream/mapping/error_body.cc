#include "upstream/mapping/error_body.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "upstream/mapping/formats.h"
#include "upstream/mapping/json_mend.h"
#include "upstream/mapping/json_partial.h"
#include "upstream/mapping/violations.h"

namespace gateway::mapping {
namespace {

using nlohmann::json;

// A longer error body is not an error message.
constexpr size_t kMaxBody = size_t{256} * 1024;
constexpr size_t kMaxText = 500;
constexpr size_t kSampled = 4096;
constexpr size_t kMaxSample = 200;

// Where servers, gateways and frameworks commonly keep what the provider's protos do not describe:
// as ErrorBody in annotations.proto, first come, first served.
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
constexpr absl::string_view kCommonViolations = "errors";
// Of an error in a list.
constexpr absl::string_view kCodeNames[] = {"code", "error_code", "errorCode", "type"};
constexpr absl::string_view kPathNames[] = {"path", "field", "param", "loc", "name"};
constexpr absl::string_view kMessageNames[] = {"message", "msg", "detail", "description"};

// Members that are found beside those above in bodies which are nothing but an error. Lower case.
constexpr absl::string_view kErrorMembers[] = {"code",
                                               "description",
                                               "detail",
                                               "details",
                                               "error",
                                               "error_code",
                                               "error_description",
                                               "error_message",
                                               "errorcode",
                                               "errormessage",
                                               "errors",
                                               "instance",
                                               "message",
                                               "msg",
                                               "path",
                                               "reason",
                                               "request_id",
                                               "requestid",
                                               "status",
                                               "status_code",
                                               "statuscode",
                                               "success",
                                               "timestamp",
                                               "title",
                                               "trace_id",
                                               "traceid",
                                               "type"};

// A string as it is, a number or bool as JSON writes it. Empty for anything else: printing that may
// take as many stack frames as the upstream likes.
std::string ScalarText(const json& value) {
  if (value.is_string()) return OneLine(value.get_ref<const std::string&>(), kMaxText);
  return value.is_number() || value.is_boolean() ? value.dump() : "";
}

// Follows a path of members; returns null if it leads nowhere.
const json* At(const json& value, absl::string_view path) {
  if (path.empty()) return nullptr;
  const json* at = &value;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    const auto member = at->is_object() ? at->find(std::string(name)) : at->end();
    if (!at->is_object() || member == at->end()) return nullptr;
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

// A scalar, or several in a list.
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

  // Fills in what is empty yet.
  void Read(const v1::ErrorBody& form) {
    Fill(form.code(), parts_.code);
    Fill(form.message(), parts_.message);
    Fill(form.trace_id(), parts_.trace_id);
    const json* const found = At(body_, form.violations());
    if (found == nullptr || !parts_.violations.empty()) return;
    const absl::string_view paths[] = {form.violation_path()};
    const absl::string_view messages[] = {form.violation_message()};
    ReadViolations(*found, paths, messages);
  }

  void ReadCommonForms() {
    for (const CommonForm& form : kCommonForms) {
      // Parts of one form belong together: what another form calls a message may be about
      // something else.
      Fill(form.code, parts_.code);
      Fill(form.message, parts_.message);
    }
    // {"error": "no such order"}: the only text there is.
    if (parts_.message.empty() && absl::StrContains(parts_.code, ' ')) {
      parts_.message = std::move(parts_.code);
      parts_.code.clear();
    }
    const json* const found = At(body_, kCommonViolations);
    if (found != nullptr) ReadList(*found);
  }

  // Several errors: the first gives its name to the whole where nothing else does.
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

  // A list of violations; one of them; or an object whose members are named after the fields.
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

  // {"Name": ["is required"]}, as ASP.NET and Laravel have it.
  void ByField(const json& fields) {
    for (const auto& [name, reasons] : fields.items()) {
      const bool list_of_texts =
          reasons.is_array() && std::all_of(reasons.begin(), reasons.end(),
                                            [](const json& reason) { return reason.is_string(); });
      if (list_of_texts) Add(OneLine(name, kMaxText), TextOf(reasons, "; "));
    }
  }

  const json& body_;
  ErrorParts parts_;
};

// The body as JSON, mended where it has to be, and as far as it goes; discarded where it is none.
json Parse(absl::string_view body) {
  body = JsonContent(body);
  if (body.size() > kMaxBody) return json(json::value_t::discarded);
  json parsed = json::parse(body.begin(), body.end(), nullptr, false);
  if (!parsed.is_discarded()) return parsed;
  const std::optional<MendedJson> mended = MendJson(body);
  if (mended) parsed = json::parse(mended->text, nullptr, false);
  if (!parsed.is_discarded()) return parsed;
  json partial = PartialJson(body);  // never copied: it may be deep
  if (partial.is_structured() && !partial.empty()) return partial;
  return json(json::value_t::discarded);
}

ErrorParts PartsOf(const v1::Provider& provider, const json& body) {
  PartsReader reader(body);
  if (body.is_array()) {
    reader.ReadList(body);
    return reader.Take();
  }
  for (const v1::ErrorBody& form : provider.error_body()) reader.Read(form);
  reader.ReadCommonForms();
  return reader.Take();
}

bool IsCommonErrorMember(absl::string_view name) {
  return std::find(std::begin(kErrorMembers), std::end(kErrorMembers),
                   absl::AsciiStrToLower(name)) != std::end(kErrorMembers);
}

// The name of an object's first member; "" where that is not plain to see.
absl::string_view FirstMember(absl::string_view body) {
  body = JsonContent(body);
  if (!absl::ConsumePrefix(&body, "{")) return "";
  body = JsonContent(body);
  if (!absl::ConsumePrefix(&body, "\"")) return "";
  const size_t end = body.find_first_of("\"\\");
  return end == absl::string_view::npos || body[end] == '\\' ? "" : body.substr(0, end);
}

// {"status": "ok", "message": "deleted"} has the members of an error, and is none.
bool SaysSuccess(const json& body) {
  for (const char* const name : {"status", "code", "success", "status_code", "statusCode"}) {
    const auto member = body.find(name);
    if (member == body.end()) continue;
    if (member->is_boolean() && member->get<bool>()) return true;
    if (member->is_number_integer()) {
      const auto number = member->get<int64_t>();
      if (number == 0 || (number >= 200 && number < 300)) return true;
    }
    if (member->is_string()) {
      const std::string text = absl::AsciiStrToLower(member->get_ref<const std::string&>());
      if (text == "ok" || text == "success" || text == "succeeded") return true;
    }
  }
  return false;
}

// A page without its tags: text between them is kept.
std::string WithoutTags(absl::string_view page) {
  std::string text;
  bool in_tag = false;
  for (const char c : page) {
    if (c == '<') in_tag = true;
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
  return absl::StrContains(absl::AsciiStrToLower(response.Header("content-type")), "html") ||
         absl::StartsWith(JsonContent(response.body), "<");
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

ErrorParts ReadErrorBody(const v1::Provider& provider, const http::Response& response) {
  const json body = Parse(response.body);
  ErrorParts parts;
  const bool list = body.is_array() && !body.empty() && body.front().is_object();
  if (body.is_object() || list) parts = PartsOf(provider, body);
  const bool says_nothing = body.is_object() && body.empty();
  if (parts.message.empty() && parts.violations.empty() && !says_nothing) {
    parts.message = Sample(response);
  }
  return parts;
}

ErrorParts ReadNothingButAnError(const v1::Provider& provider, absl::string_view body) {
  // Most replies are told by their first member, and need not be parsed for it.
  const absl::string_view first = FirstMember(body);
  if (!first.empty() && !IsErrorMember(provider, first) && !IsCommonErrorMember(first)) return {};
  const json parsed = Parse(body);
  if (!parsed.is_object() || SaysSuccess(parsed)) return {};
  for (const auto& member : parsed.items()) {
    if (!IsErrorMember(provider, member.key()) && !IsCommonErrorMember(member.key())) return {};
  }
  return PartsOf(provider, parsed);
}

bool HasErrorParts(const v1::Provider& provider, absl::string_view body,
                   absl::FunctionRef<bool(absl::string_view)> skip) {
  json parsed = Parse(body);
  if (!parsed.is_object()) return false;
  for (auto member = parsed.begin(); member != parsed.end();) {
    member = skip(member.key()) ? parsed.erase(member) : std::next(member);
  }
  return !SaysSuccess(parsed) && !PartsOf(provider, parsed).empty();
}

}  // namespace gateway::mapping
