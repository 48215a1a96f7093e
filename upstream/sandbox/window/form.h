// The HTML forms of the window, which are the sandbox's pages in a browser (see window.h). A form
// that is submitted sends a request to the sandbox's own API (see api.h). Then the browser returns
// to the page that the form names.
//
// Pure functions.
#ifndef UPSTREAM_SANDBOX_WINDOW_FORM_H_
#define UPSTREAM_SANDBOX_WINDOW_FORM_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "upstream/sandbox/json.h"

namespace gateway::sandbox {

using Fields = std::vector<std::pair<std::string, std::string>>;

// A form with one button, which sends these fields to `path` of the Api and then leads to the page
// `back`. `about` names, for a screen reader, the element that the button acts on.
std::string ButtonForm(absl::string_view path, const Fields& fields, absl::string_view back,
                       absl::string_view text, absl::string_view about = "");
// A form with any fields; `inner` is the HTML of the fields.
std::string Form(absl::string_view path, absl::string_view back, absl::string_view inner);
// A labelled field. `id` is its name, too.
std::string TextField(absl::string_view id, absl::string_view label, absl::string_view value);
std::string ChoiceField(absl::string_view id, absl::string_view label,
                        const std::vector<std::string>& choices);

// A segment of a path, percent-encoded.
std::string PathSegment(absl::string_view text);

// A submitted form as the Api takes it: "method", "back", and the body. Fields become numbers and
// booleans where the Api wants these.
struct Submitted {
  std::string method = "POST";
  std::string back;
  Json body = Json::object();
};
Submitted ReadSubmitted(absl::string_view body);

}  // namespace gateway::sandbox

#endif  // UPSTREAM_SANDBOX_WINDOW_FORM_H_
