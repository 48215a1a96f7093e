#include "upstream/sandbox/html/html.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "upstream/sandbox/formats.h"

// Linked in by CMakeLists.txt.
extern "C" {
extern const char sandbox_style[], sandbox_style_end[];
extern const char sandbox_live[], sandbox_live_end[];
}

namespace gateway::sandbox {
namespace {

// A page may load nothing but its own style sheet, script and forms. A pay page may also lead to
// the shop, because browsers apply form-action to the redirect after a form. The window needs a
// referrer: without one, browsers send no Origin with a form, and the window recognizes its own
// pages by Origin.
Headers PageHeaders(bool window) {
  return {{"Content-Security-Policy",
           absl::StrCat("default-src 'none'; style-src 'self'; img-src data:; ",
                        window ? "script-src 'self'; connect-src 'self'; form-action 'self'"
                               : "form-action 'self' http: https:",
                        "; base-uri 'none'; frame-ancestors 'none'")},
          {"Referrer-Policy", window ? "same-origin" : "no-referrer"},
          {"X-Content-Type-Options", "nosniff"},
          {"Cache-Control", "no-store"}};
}

}  // namespace

std::string Html(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string TextOf(const Json& object, absl::string_view name) {
  const auto member = object.find(std::string(name));
  return member == object.end() || member->is_null() ? "" : PlainText(*member);
}

Reply HtmlPage(int status, const PageParts& parts) {
  return {status,
          absl::StrCat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<title>",
                       Html(parts.title),
                       "</title>\n<link rel=\"stylesheet\" href=\"/pay/style.css\">\n"
                       "<link rel=\"icon\" href=\"data:,\">\n",
                       parts.window ? "<script src=\"/_sandbox/live.js\" defer></script>\n" : "",
                       "</head>\n<body>\n", parts.header, "<main",
                       parts.window ? " class=\"wide\"" : "", ">\n", parts.body,
                       "</main>\n</body>\n</html>\n"),
          "text/html; charset=utf-8", PageHeaders(parts.window)};
}

std::string Table(absl::string_view caption, const std::vector<std::string>& heads,
                  const std::vector<std::vector<std::string>>& rows) {
  std::string text = absl::StrCat(
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", Html(caption),
      "\">\n<table>\n<caption>", Html(caption), "</caption>\n<thead><tr>");
  for (const std::string& head : heads) {
    absl::StrAppend(&text, "<th scope=\"col\">", Html(head), "</th>");
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    text += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      // On a narrow screen, each cell stands on a line of its own and shows the name of its column.
      const std::string head = i < heads.size() ? Html(heads[i]) : "";
      absl::StrAppend(&text,
                      i == 0 ? "<th scope=\"row\">" : absl::StrCat("<td data-head=\"", head, "\">"),
                      row[i], i == 0 ? "</th>" : "</td>");
    }
    text += "</tr>\n";
  }
  if (rows.empty()) {
    absl::StrAppend(&text, "<tr><td colspan=\"", heads.size(),
                    "\" class=\"note\">None yet.</td></tr>\n");
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

Reply StyleSheet() {
  return {200, std::string(sandbox_style, sandbox_style_end), "text/css; charset=utf-8", {}};
}

Reply LiveScript() {
  return {200, std::string(sandbox_live, sandbox_live_end), "text/javascript; charset=utf-8", {}};
}

}  // namespace gateway::sandbox
