#include "upstream/sandbox/window/window.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/html/html.h"
#include "upstream/sandbox/router.h"
#include "upstream/sandbox/window/form.h"
#include "upstream/sandbox/window/pages.h"

namespace gateway::sandbox {
namespace {

constexpr char kNotYours[] = "only programs and pages of this machine may use /_sandbox/";

struct Place {
  const char* path;
  const char* title;
  std::string (*body)(const Api& api);
};

constexpr Place kPlaces[] = {{"", "Overview", &GlancePage},
                             {"webhooks", "Webhooks", &WebhooksPage},
                             {"requests", "Requests", &RequestsPage},
                             {"faults", "Faults", &FaultsPage},
                             {"tools", "Tools", &ToolsPage}};

// Whether the request is a form of the window: each such form begins with the field `back`. The
// content type is no proof, because curl by default sends any body, also JSON, with the type of a
// form.
bool IsForm(const Received& received) {
  return received.method == "POST" &&
         absl::StartsWithIgnoreCase(received.Header("Content-Type"),
                                    "application/x-www-form-urlencoded") &&
         absl::StartsWith(received.body, "back=");
}

}  // namespace

Reply Window::Answer(const Received& received, bool from_loopback,
                     const std::vector<Neighbour>& neighbours) const {
  if (!api_.MayUse(received, from_loopback)) {
    return {403, WriteJson({{"status", 403}, {"message", kNotYours}}), "application/json", {}};
  }
  const std::vector<std::string> segments = ParseTarget(received.target).segments;
  if (segments.size() == 2) return {308, "", "", {{"Location", "/_sandbox/"}}};
  if (segments[2] == "api")
    return IsForm(received) ? Submit(received, neighbours) : api_.Answer(received);
  if (segments[2] == "live.js") return LiveScript();
  if (received.method != "GET" && received.method != "HEAD") {
    return Page(405, "Not here", "<p>Pages are for looking at.</p>\n", neighbours);
  }
  return Show({segments.begin() + 2, segments.end()}, neighbours);
}

Reply Window::Show(const std::vector<std::string>& rest,
                   const std::vector<Neighbour>& neighbours) const {
  if (rest.size() == 1) {
    for (const Place& place : kPlaces) {
      if (rest[0] == place.path) return Page(200, place.title, place.body(api_), neighbours);
    }
  }
  if (rest.size() > 1 && rest.size() < 4 && rest[0] == "store") {
    std::string path = absl::StrCat("/store/", PathSegment(rest[1]));
    if (rest.size() == 3) absl::StrAppend(&path, "/", PathSegment(rest[2]));
    const Json found = api_.Get(path);
    if (!found.empty()) {
      return Page(200,
                  rest.size() == 3 ? absl::StrCat(TextOf(found, "title"), " ", rest[2])
                                   : TextOf(found, "title"),
                  rest.size() == 3 ? RecordPage(found) : SectionPage(found), neighbours);
    }
  }
  return Page(404, "Nothing here", "<p>This window has no such page.</p>\n", neighbours);
}

// Answers a browser's form: with a redirect to the page `back`, or with a page that says what was
// wrong.
Reply Window::Submit(const Received& received, const std::vector<Neighbour>& neighbours) const {
  const Submitted submitted = ReadSubmitted(received.body);
  Received told = received;
  told.method = submitted.method;
  told.body = WriteJson(submitted.body);
  const Reply reply = api_.Answer(told);
  const std::string back = submitted.back.empty() ? "/_sandbox/" : submitted.back;
  if (reply.status < 400) return {303, "", "", {{"Location", back}}};
  const Json problem = ParseJson(reply.body).value_or(Json::object());
  return Page(reply.status, "That did not work",
              absl::StrCat("<p role=\"alert\">", Html(TextOf(problem, "message")),
                           "</p>\n<p><a href=\"", Html(back), "\">Back</a></p>\n"),
              neighbours);
}

Reply Window::Page(int status, const std::string& title, const std::string& body,
                   const std::vector<Neighbour>& neighbours) const {
  const auto link = [&](const std::string& href, const std::string& text, bool here) {
    return absl::StrCat("<li><a href=\"", Html(href), "\"", here ? " aria-current=\"page\"" : "",
                        ">", Html(text), "</a></li>\n");
  };
  std::string places;
  for (const Place& place : kPlaces) {
    places += link(absl::StrCat("/_sandbox/", place.path), place.title, title == place.title);
  }
  std::string sections;
  const Json store = api_.Get("/store");
  for (const Json& section : store.value("sections", Json::array())) {
    sections += link(absl::StrCat("/_sandbox/store/", TextOf(section, "name")),
                     TextOf(section, "title"), title == TextOf(section, "title"));
  }
  std::string stores;
  for (const Neighbour& neighbour : neighbours) {
    stores += link(absl::StrCat(neighbour.url, "/_sandbox/"), neighbour.provider,
                   neighbour.provider == provider_);
  }
  const std::string header = absl::StrCat(
      "<header>\n<p class=\"brand\">", Html(provider_),
      " sandbox</p>\n<nav aria-label=\"Window\"><ul>\n", places,
      "</ul></nav>\n<nav aria-label=\"Records\"><ul>\n", sections, "</ul></nav>\n",
      neighbours.size() < 2 ? ""
                            : absl::StrCat("<nav aria-label=\"Stores\" class=\"stores\"><ul>\n",
                                           stores, "</ul></nav>\n"),
      "</header>\n");
  return HtmlPage(status, {absl::StrCat(title, " - ", provider_, " sandbox"), header,
                           absl::StrCat("<h1>", Html(title), "</h1>\n", body), true});
}

}  // namespace gateway::sandbox
