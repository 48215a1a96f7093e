// Writes plain HTML for the pay page and the window: escaped text, the frame of a page, a table.
//
//   const std::string table = Table("Orders", {"Number", "Status"}, {{"pn-1", "completed"}});
//   const Reply reply = HtmlPage(200, {.title = "Orders", .body = table});
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

// Escapes the text for an HTML element or attribute.
std::string Html(absl::string_view text);
// Returns the member's value as text, not escaped; "" if the member is absent or null.
std::string TextOf(const Json& object, absl::string_view name);

struct PageParts {
  std::string title;
  // Above the main part: links, as HTML.
  std::string header;
  std::string body;
  // Whether the page belongs to the sandbox's window. Such a page is wide, loads live.js, and may
  // send forms only to the sandbox.
  bool window = false;
};

Reply HtmlPage(int status, const PageParts& parts);

// Cells are HTML. The first cell of a row is the row's heading.
std::string Table(absl::string_view caption, const std::vector<std::string>& heads,
                  const std::vector<std::vector<std::string>>& rows);

// The style sheet and the script, as they are served.
Reply StyleSheet();
Reply LiveScript();

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_HTML_HTML_H_
