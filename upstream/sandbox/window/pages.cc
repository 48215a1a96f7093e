#include "upstream/sandbox/window/pages.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/html/html.h"
#include "upstream/sandbox/window/form.h"
#include "upstream/sandbox/window/journal.h"

namespace gateway::sandbox {
namespace {

constexpr size_t kRequestsAtAGlance = 8;

std::string Link(absl::string_view href, absl::string_view text) {
  return absl::StrCat("<a href=\"", Html(href), "\">", Html(text), "</a>");
}

// The part that live.js keeps up to date.
std::string Live(const std::string& html) {
  return absl::StrCat("<div id=\"live\">\n", html, "</div>\n");
}

// Keeps the text on one line.
std::string Whole(absl::string_view text) {
  return absl::StrCat("<span class=\"whole\">", Html(text), "</span>");
}

std::string Code(absl::string_view text) {
  return text.empty() ? "<p class=\"note\">Empty.</p>\n"
                      : absl::StrCat("<pre>", Html(text), "</pre>\n");
}

std::string StorePath(absl::string_view section, absl::string_view id) {
  return absl::StrCat("/store/", PathSegment(section), "/", PathSegment(id));
}

// Shortens a time for a table: "2025-05-01T12:00:00.5Z" to "2025-05-01 12:00:00".
std::string ShortTime(absl::string_view time) {
  std::string text(time.substr(0, time.find('.')));
  std::replace(text.begin(), text.end(), 'T', ' ');
  return std::string(absl::StripSuffix(text, "Z"));
}

std::string CellText(const Json& cell) {
  if (cell.contains("link")) return Link(TextOf(cell, "link"), "Open pay page");
  if (cell.contains("amount") && cell.at("amount").is_number_integer()) {
    return Html(MoneyText(cell.at("amount").get<int64_t>(),
                          absl::AsciiStrToLower(TextOf(cell, "currency"))));
  }
  const std::string text = TextOf(cell, cell.contains("amount") ? "amount" : "text");
  absl::Time time;
  return Html(absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) ? ShortTime(text) : text);
}

std::string Buttons(absl::string_view section, absl::string_view id, const Json& acts,
                    absl::string_view back) {
  std::string buttons;
  for (const Json& act : acts) {
    buttons += ButtonForm(StorePath(section, id), {{"act", TextOf(act, "name")}}, back,
                          TextOf(act, "text"), id);
  }
  return buttons;
}

std::string Answered(const Json& request) {
  const int status = request.value("status", 0);
  return status == 0 ? "no answer" : absl::StrCat(status);
}

std::string RequestsTable(const Json& requests, size_t most) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& request : requests) {
    if (rows.size() == most) break;
    rows.push_back({Whole(ShortTime(TextOf(request, "time"))),
                    Html(absl::StrCat(TextOf(request, "method"), " ", TextOf(request, "target"))),
                    Whole(TextOf(request, "operation")), Answered(request),
                    Html(TextOf(request, "fault"))});
  }
  return Table("The last requests", {"Time", "Request", "Operation", "Answer", "Fault"}, rows);
}

std::vector<std::string> DeliveryRow(const Json& delivery) {
  const std::string id = TextOf(delivery, "id");
  std::string buttons;
  for (const char* const how : {"again", "twice", "late", "tampered"}) {
    buttons += ButtonForm(absl::StrCat("/deliveries/", id), {{"how", how}}, "/_sandbox/webhooks",
                          how, absl::StrCat("delivery ", id));
  }
  std::string attempts;
  for (const Json& attempt : delivery.value("attempts", Json::array())) {
    const int status = attempt.value("status", 0);
    absl::StrAppend(&attempts, "<li>", Html(ShortTime(TextOf(attempt, "time"))), ": ",
                    status == 0 ? "no answer" : absl::StrCat(status), " ",
                    Html(TextOf(attempt, "answer").substr(0, 80)),
                    attempt.value("tampered", false) ? " (tampered)" : "", "</li>");
  }
  const std::string type = delivery.contains("event") ? TextOf(delivery.at("event"), "type") : "";
  // A long name may go on in the next line.
  return {Html(id),
          absl::StrReplaceAll(Html(type), {{"_", "_<wbr>"}}),
          Html(TextOf(delivery, "url")),
          Html(absl::StrCat(TextOf(delivery, "state"), delivery.contains("next") ? ", next " : "",
                            ShortTime(TextOf(delivery, "next")))),
          attempts.empty() ? "none yet" : absl::StrCat("<ul>", attempts, "</ul>"),
          absl::StrCat("<details><summary>Show body ", Html(id), "</summary>",
                       Code(MaskedBody(TextOf(delivery, "body"))), "</details>"),
          buttons};
}

}  // namespace

std::string GlancePage(const Api& api) {
  const Json store = api.Get("/store");
  std::vector<std::vector<std::string>> counts;
  for (const Json& section : store.value("sections", Json::array())) {
    counts.push_back(
        {Link(absl::StrCat("/_sandbox/store/", TextOf(section, "name")), TextOf(section, "title")),
         Html(TextOf(section, "count"))});
  }
  size_t failed = 0;
  const Json deliveries = api.Get("/deliveries");
  for (const Json& delivery : deliveries) failed += TextOf(delivery, "state") == "failed";
  size_t pending = 0;
  for (const Json& fault : api.Get("/faults")) {
    pending += fault.value("times", 1) < 0 || fault.value("fired", 0) < fault.value("times", 1);
  }
  counts.push_back(
      {Link("/_sandbox/webhooks", "Webhooks sent"),
       absl::StrCat(deliveries.size(), failed == 0 ? "" : absl::StrCat(", ", failed, " failed"))});
  counts.push_back(
      {Link("/_sandbox/faults", "Faults that wait for a call"), absl::StrCat(pending)});
  return Live(absl::StrCat(
      "<p>", Html(TextOf(store, "title")), ", on ", Html(ShortTime(TextOf(store, "now"))),
      " UTC. No money moves here.</p>\n", Table("At a glance", {"What", "How many"}, counts),
      RequestsTable(api.Get("/requests"), kRequestsAtAGlance)));
}

std::string SectionPage(const Json& section) {
  const std::string name = TextOf(section, "name");
  const std::string back = absl::StrCat("/_sandbox/store/", name);
  std::vector<std::string> heads;
  for (const Json& column : section.value("columns", Json::array()))
    heads.push_back(PlainText(column));
  bool acts = false;
  for (const Json& row : section.value("rows", Json::array())) {
    acts |= !row.value("acts", Json::array()).empty();
  }
  if (acts) heads.emplace_back("Do");
  std::vector<std::vector<std::string>> rows;
  for (const Json& row : section.value("rows", Json::array())) {
    const std::string id = TextOf(row, "id");
    std::vector<std::string> cells;
    for (const Json& cell : row.value("cells", Json::array())) cells.push_back(CellText(cell));
    if (!cells.empty()) {
      cells[0] = absl::StrCat("<a href=\"/_sandbox", Html(StorePath(name, id)), "\">",
                              cells[0].empty() ? Html(id) : cells[0], "</a>");
    }
    if (acts) cells.push_back(Buttons(name, id, row.value("acts", Json::array()), back));
    rows.push_back(std::move(cells));
  }
  const size_t count = section.value("count", rows.size());
  return Live(absl::StrCat("<p>", count, " in all", count > rows.size() ? ", the newest first" : "",
                           ".</p>\n", Table(TextOf(section, "title"), heads, rows)));
}

std::string RecordPage(const Json& record) {
  const std::string section = TextOf(record, "section");
  const std::string id = TextOf(record, "id");
  const std::string back = absl::StrCat("/_sandbox", StorePath(section, id));
  std::string buttons = Buttons(section, id, record.value("acts", Json::array()), back);
  for (const Json& type : record.value("events", Json::array())) {
    buttons += ButtonForm("/events", {{"type", PlainText(type)}, {"id", id}}, back,
                          absl::StrCat("Send ", PlainText(type)));
  }
  return Live(absl::StrCat(
      "<p>", Link(absl::StrCat("/_sandbox/store/", section), TextOf(record, "title")), "</p>\n",
      buttons.empty() ? "" : absl::StrCat("<div class=\"buttons\">", buttons, "</div>\n"),
      Code(MaskedBody(WriteJson(record.value("record", Json::object()))))));
}

std::string WebhooksPage(const Api& api) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& delivery : api.Get("/deliveries")) rows.push_back(DeliveryRow(delivery));
  std::string tell;
  std::vector<std::string> types;
  for (const Json& type : api.Get("/events")) types.push_back(PlainText(type));
  if (!types.empty()) {
    tell = Form("/events", "/_sandbox/webhooks",
                absl::StrCat("<fieldset><legend>Send an event</legend>\n",
                             ChoiceField("type", "Event", types),
                             TextField("id", "Id of the record (empty: the newest)", ""),
                             "<button type=\"submit\">Send</button></fieldset>"));
  }
  return absl::StrCat(
      Live(Table("Webhooks", {"Delivery", "Event", "To", "State", "Attempts", "Body", "Send"},
                 rows)),
      tell,
      Form("/deliveries", "/_sandbox/webhooks",
           absl::StrCat("<fieldset><legend>Out of order</legend>\n",
                        TextField("reverse", "So many of the next go out in reverse", "2"),
                        "<button type=\"submit\">Reverse</button></fieldset>")));
}

std::string RequestsPage(const Api& api) {
  const Json requests = api.Get("/requests");
  std::string details;
  for (const Json& request : requests) {
    std::string headers;
    for (const Json& header : request.value("headers", Json::array())) {
      absl::StrAppend(&headers, TextOf(header, "name"), ": ", TextOf(header, "value"), "\n");
    }
    absl::StrAppend(
        &details, "<details><summary>", Html(ShortTime(TextOf(request, "time"))), " ",
        Html(TextOf(request, "method")), " ", Html(TextOf(request, "target")), ": ",
        Answered(request), request.value("fault", "").empty() ? "" : ", fault ",
        Html(TextOf(request, "fault")), "</summary>\n<h2>Request</h2>\n",
        Code(absl::StrCat(headers, headers.empty() ? "" : "\n", TextOf(request, "body"))),
        "<h2>Answer</h2>\n", Code(TextOf(request, "reply")), "</details>\n");
  }
  if (details.empty()) details = "<p class=\"note\">None yet.</p>\n";
  return absl::StrCat("<p>The newest first. Keys and secrets are masked.</p>\n", Live(details));
}

std::string FaultsPage(const Api& api) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& fault : api.Get("/faults")) {
    const std::string id = TextOf(fault, "id");
    const std::string operation = TextOf(fault, "operation");
    rows.push_back({Html(TextOf(fault, "kind")), operation.empty() ? "every one" : Html(operation),
                    fault.value("times", 1) < 0 ? "all calls" : Html(TextOf(fault, "times")),
                    Html(TextOf(fault, "fired")),
                    ButtonForm("/faults/" + id, {{"method", "DELETE"}}, "/_sandbox/faults",
                               "Take back", absl::StrCat("fault ", id))});
  }
  return absl::StrCat(
      Live(Table("Faults", {"Kind", "Operation", "Times", "Met", "Do"}, rows)),
      Form("/faults", "/_sandbox/faults",
           absl::StrCat("<fieldset><legend>Order a fault</legend>\n",
                        ChoiceField("kind", "Kind", FaultKinds()),
                        TextField("operation", "Operation, as RefundOrder (empty: every one)", ""),
                        TextField("times", "Times (-1: all calls)", "1"),
                        "<p><input type=\"checkbox\" id=\"commit\" name=\"commit\" value=\"true\"> "
                        "<label for=\"commit\">Execute all the same (internal-error, "
                        "bad-gateway)</label></p>\n"
                        "<button type=\"submit\">Order</button></fieldset>")),
      ButtonForm("/faults", {{"method", "DELETE"}}, "/_sandbox/faults", "Take all back"));
}

std::string ToolsPage(const Api& api) {
  const Json store = api.Get("/store");
  std::vector<std::vector<std::string>> magic;
  for (const Json& value : store.value("magic", Json::array())) {
    magic.push_back({absl::StrCat("<code>", Html(TextOf(value, "value")), "</code>"),
                     Html(TextOf(value, "text"))});
  }
  const auto forward = [](const char* seconds, const char* text) {
    return ButtonForm("/clock", {{"forward_s", seconds}}, "/_sandbox/tools", text);
  };
  return absl::StrCat(
      "<h2>Clock</h2>\n",
      Live(absl::StrCat("<p>It is ", Html(ShortTime(TextOf(store, "now"))), " UTC here.</p>\n")),
      "<div class=\"buttons\">", forward("60", "A minute forward"),
      forward("86400", "A day forward"), forward("2592000", "30 days forward"), "</div>\n",
      "<h2>Store</h2>\n<p>", Link("/_sandbox/api/export", "Export the store"),
      ": start with it by <code>--seed FILE</code>.</p>\n",
      ButtonForm("/reset", {}, "/_sandbox/", "Reset the store"),
      "<h2>For programs</h2>\n<p>All that these pages do, a program can: ",
      Link("/_sandbox/api/openapi.json", "the API"), ".</p>\n",
      magic.empty() ? ""
                    : absl::StrCat("<h2>Without a browser</h2>\n<p>A checkout with one of these "
                                   "values goes its way by "
                                   "itself.</p>\n",
                                   Table("Magic values", {"Value", "What happens"}, magic)));
}

}  // namespace gateway::sandbox
