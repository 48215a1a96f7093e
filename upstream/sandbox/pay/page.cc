#include "upstream/sandbox/pay/page.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "upstream/sandbox/form.h"
#include "upstream/sandbox/formats.h"
#include "upstream/sandbox/html/html.h"
#include "upstream/sandbox/router.h"

namespace gateway::sandbox {
namespace {

constexpr char kPrefix[] = "/pay/";

Reply Page(int status, absl::string_view title, const std::string& body) {
  return HtmlPage(status, {std::string(title), "", body});
}

std::string Money(const Json& object, const char* name, const std::string& currency) {
  return MoneyText(object.value(name, int64_t{0}), absl::AsciiStrToLower(currency));
}

std::string LinesTable(const Json& checkout) {
  const std::string currency = TextOf(checkout, "currency");
  std::string rows;
  for (const Json& line : checkout.value("lines", Json::array())) {
    absl::StrAppend(&rows, "<tr><th scope=\"row\">", Html(TextOf(line, "name")), "</th><td>",
                    Html(TextOf(line, "quantity")), "</td><td>",
                    Html(Money(line, "amount", currency)), "</td></tr>\n");
  }
  return absl::StrCat(
      "<table>\n<caption>What is bought</caption>\n<thead><tr><th scope=\"col\">Product</th>"
      "<th scope=\"col\">Quantity</th><th scope=\"col\">Amount</th></tr></thead>\n<tbody>\n",
      rows, "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"2\">Total</th><td>",
      Html(Money(checkout, "total", currency)), "</td></tr></tfoot>\n</table>\n");
}

std::string Button(absl::string_view action, absl::string_view text, absl::string_view kind = "") {
  return absl::StrCat("<button type=\"submit\" name=\"action\" value=\"", action, "\" class=\"",
                      kind, "\">", text, "</button>\n");
}

std::string Forms(const std::string& token, const Json& checkout) {
  const std::string open =
      absl::StrCat("<form method=\"post\" action=\"", kPrefix, Html(token), "\">\n");
  std::string reasons;
  for (const Json& reason : checkout.value("reasons", Json::array())) {
    absl::StrAppend(&reasons, "<option value=\"", Html(TextOf(reason, "value")), "\">",
                    Html(TextOf(reason, "text")), "</option>\n");
  }
  return absl::StrCat(
      open,
      Button("pay",
             absl::StrCat("Pay ", Html(Money(checkout, "total", TextOf(checkout, "currency")))),
             "main"),
      "</form>\n", open,
      "<fieldset><legend>Let the payment fail</legend>\n<label for=\"reason\">Reason</label>\n"
      "<select id=\"reason\" name=\"reason\">\n",
      reasons, "</select>\n", Button("decline", "Decline"), "</fieldset>\n</form>\n", open,
      "<fieldset><legend>Pay later: the shop hears of it after some seconds</legend>\n",
      Button("later", "Succeed later"), Button("later-decline", "Fail later"),
      "</fieldset>\n</form>\n", open, "<fieldset><legend>Do not pay</legend>\n",
      Button("abandon", "Back to the shop"), Button("expire", "Let it expire"),
      "</fieldset>\n</form>\n");
}

// Whether the URL may stand in a Location header: it is http or https, and has no bytes that would
// end the header.
bool MayStandInLocation(absl::string_view url) {
  return (absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://")) &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

bool PayPage::IsOwn(const Received& received) {
  return absl::StartsWith(received.target, kPrefix) &&
         (received.method == "GET" || received.method == "HEAD" || received.method == "POST");
}

Reply PayPage::Answer(const Received& received) const {
  const Target target = ParseTarget(received.target);
  const std::vector<std::string>& segments = target.segments;
  const std::string token = segments.size() == 3 ? segments[2] : "";
  if (token == "style.css") return StyleSheet();
  if (received.method == "POST") return Act(token, received);
  std::string declined;
  for (const auto& [name, value] : target.query) {
    if (name == "declined") declined = value;
  }
  return Show(token, 200, "", declined);
}

Reply PayPage::Show(const std::string& token, int status, absl::string_view notice,
                    absl::string_view declined) const {
  const auto shown = handler_.Do({"pay", "show"}, {{"token", token}});
  const Json* const checkout = std::get_if<Json>(&shown);
  if (checkout == nullptr || !checkout->is_object()) {
    return Page(404, "No such checkout",
                "<h1>No such checkout</h1>\n<p>This link leads to none.</p>\n");
  }
  const std::string state = TextOf(*checkout, "status");
  std::string body = absl::StrCat("<p class=\"note\">A sandbox: no money moves.</p>\n<h1>",
                                  Html(TextOf(*checkout, "title")), "</h1>\n");
  std::string alert(notice);
  for (const Json& reason : checkout->value("reasons", Json::array())) {
    if (TextOf(reason, "value") != declined) continue;
    alert = absl::StrCat("The payment was declined: ", TextOf(reason, "text"));
  }
  if (!alert.empty()) absl::StrAppend(&body, "<p role=\"alert\">", Html(alert), "</p>\n");
  absl::StrAppend(&body, "<p>For ", Html(TextOf(*checkout, "customer")), "</p>\n",
                  LinesTable(*checkout));
  if (state == "open") {
    absl::StrAppend(&body, Forms(token, *checkout));
  } else {
    absl::StrAppend(&body, "<p role=\"status\">This checkout is ", Html(state), ".</p>\n");
  }
  return Page(status, TextOf(*checkout, "title"), body);
}

Reply PayPage::Act(const std::string& token, const Received& received) const {
  Json request = {{"token", token}};
  for (const auto& [name, value] : ParsePairs(received.body)) {
    if (name == "action" || name == "reason") request[name] = value;
  }
  const auto done = handler_.Do({"pay", "act"}, request);
  if (const Refusal* const refusal = std::get_if<Refusal>(&done)) {
    return Show(token, refusal->status, refusal->message);
  }
  const Json& result = std::get<Json>(done);
  const std::string declined = TextOf(result, "declined");
  if (!declined.empty()) {
    // Redirects to the page, so that a reload does not decline once more.
    const std::string reason = TextOf(request, "reason");
    return {303, "", "", {{"Location", absl::StrCat(kPrefix, token, "?declined=", reason)}}};
  }
  const std::string back = TextOf(result, "redirect");
  if (!MayStandInLocation(back)) return Show(token, 200, "");
  return {303, "", "", {{"Location", back}, {"Referrer-Policy", "no-referrer"}}};
}

}  // namespace gateway::sandbox
