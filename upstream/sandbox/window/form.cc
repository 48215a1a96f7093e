#include "upstream/sandbox/window/form.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "upstream/sandbox/form.h"
#include "upstream/sandbox/html/html.h"
#include "upstream/sandbox/window/api.h"

namespace gateway::sandbox {
namespace {

constexpr const char* kNumbers[] = {"forward_s", "forward_days", "reverse",
                                    "times",     "pause_ms",     "retry_after_s"};

bool IsNumber(absl::string_view name) {
  return std::find(std::begin(kNumbers), std::end(kNumbers), name) != std::end(kNumbers);
}

std::string Hidden(absl::string_view name, absl::string_view value) {
  return absl::StrCat("<input type=\"hidden\" name=\"", Html(name), "\" value=\"", Html(value),
                      "\">");
}

}  // namespace

std::string PathSegment(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += c;
    } else {
      absl::StrAppendFormat(&encoded, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::string Form(absl::string_view path, absl::string_view back, absl::string_view inner) {
  return absl::StrCat("<form method=\"post\" action=\"", kApiPrefix, Html(path), "\">",
                      Hidden("back", back), inner, "</form>\n");
}

std::string ButtonForm(absl::string_view path, const Fields& fields, absl::string_view back,
                       absl::string_view text, absl::string_view about) {
  std::string inner;
  for (const auto& [name, value] : fields) inner += Hidden(name, value);
  absl::StrAppend(&inner, "<button type=\"submit\">", Html(text));
  if (!about.empty()) absl::StrAppend(&inner, "<span class=\"unseen\"> ", Html(about), "</span>");
  return Form(path, back, inner + "</button>");
}

std::string TextField(absl::string_view id, absl::string_view label, absl::string_view value) {
  return absl::StrCat("<p><label for=\"", id, "\">", Html(label), "</label>\n<input id=\"", id,
                      "\" name=\"", id, "\" value=\"", Html(value), "\"></p>\n");
}

std::string ChoiceField(absl::string_view id, absl::string_view label,
                        const std::vector<std::string>& choices) {
  std::string options;
  for (const std::string& choice : choices)
    absl::StrAppend(&options, "<option>", Html(choice), "</option>");
  return absl::StrCat("<p><label for=\"", id, "\">", Html(label), "</label>\n<select id=\"", id,
                      "\" name=\"", id, "\">", options, "</select></p>\n");
}

Submitted ReadSubmitted(absl::string_view body) {
  Submitted submitted;
  for (const auto& [name, value] : ParsePairs(body)) {
    int64_t number = 0;
    if (name == "back") {
      // Accepts only pages of this window, no other address.
      if (absl::StartsWith(value, "/_sandbox/") && !absl::StrContains(value, "//") &&
          std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7f; })) {
        submitted.back = value;
      }
    } else if (name == "method") {
      if (value == "DELETE") submitted.method = value;
    } else if (IsNumber(name) && absl::SimpleAtoi(value, &number)) {
      submitted.body[name] = number;
    } else if (name == "commit") {
      submitted.body[name] = value == "true" || value == "on";
    } else if (!value.empty()) {
      submitted.body[name] = value;
    }
  }
  return submitted;
}

}  // namespace gateway::sandbox
