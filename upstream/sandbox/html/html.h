// Plain HTML: text made safe, the frame of a page, a table. What the pay page and the window are
// written with.
//
//   HtmlPage(200, {.title = "Orders", .body = Table("Orders", {"Number", "Status"}, {{"pn-1",
//   "completed"}})});
//
// Pure functions.
#ifndef UPSTREAM_SANDBOX_HTML_HTML_H_
#define UPSTREAM_SANDBOX_HTML_HTML_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/http/message.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

// Text as HTML shows it, in an element or an attribute.
std::string Html(absl::string_view text);
// A member's text, or "" if it has none. Not made safe.
std::string TextOf(const Json& object, absl::string_view name);

struct PageParts {
  std::string title;
  // Above the main part: links, as HTML.
  std::string header;
  std::string body;
  // A part of the sandbox's own window: wide, with forms to itself alone, and with its script.
  bool window = false;
};

Reply HtmlPage(int status, const PageParts& parts);

// Cells are HTML; the first of a row is its heading.
std::string Table(absl::string_view caption, const std::vector<std::string>& heads,
                  const std::vector<std::vector<std::string>>& rows);

// The style sheet and the script, as they are served.
Reply StyleSheet();
Reply LiveScript();

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HTML_HTML_H_
