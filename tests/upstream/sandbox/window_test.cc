// The window into a sandbox: its pages work without scripts, its API does what its OpenAPI file
// says, and both refuse other sites.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/hook.h"
#include "tests/upstream/sandbox/raw.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/sandbox/window/api.h"

namespace gateway::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kForm[] = "application/x-www-form-urlencoded";
constexpr char kOrder[] = "411486491630370850";

std::unique_ptr<Sandbox> StartShop(const std::string& provider) {
  Sandbox::Options options;
  options.provider = provider;
  return Sandbox::Start(std::move(options)).value();
}

std::string OwnPath(const std::string& path) { return absl::StrCat("/_sandbox", path); }

// Every link of a page that leads to the window itself.
std::set<std::string> LinksIn(const std::string& html) {
  std::set<std::string> links;
  const std::regex link("href=\"(/_sandbox/[^\"]*)\"");
  for (std::sregex_iterator one(html.begin(), html.end(), link), end; one != end; ++one) {
    links.insert((*one)[1]);
  }
  return links;
}

size_t Count(const std::string& text, const std::string& what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class WindowTest : public testing::TestWithParam<const char*> {};

// Every page can be reached from the overview, and is complete without scripts.
TEST_P(WindowTest, EveryPageIsReachedAndWorksWithoutScripts) {
  const auto sandbox = StartShop(GetParam());
  Client browser(sandbox->port());
  std::set<std::string> seen;
  std::vector<std::string> to_see = {"/_sandbox/"};
  while (!to_see.empty() && seen.size() < 400) {
    const std::string path = to_see.back();
    to_see.pop_back();
    if (!seen.insert(path).second) continue;
    const Answer page = browser.Get(path);
    ASSERT_EQ(page.status, 200) << path << page.text;
    if (!absl::StartsWith(page.content_type, "text/html")) continue;
    EXPECT_THAT(page.text, HasSubstr("<html lang=\"en\">")) << path;
    EXPECT_EQ(Count(page.text, "<h1>"), 1u) << path;
    EXPECT_EQ(Count(page.text, "<main"), 1u) << path;
    EXPECT_THAT(page.text, Not(HasSubstr("onclick"))) << path;
    EXPECT_THAT(page.text, Not(HasSubstr(" style="))) << path;
    // One script, and a label for each control.
    EXPECT_EQ(Count(page.text, "<script"), 1u) << path;
    EXPECT_EQ(Count(page.text, "<label for=\""), Count(page.text, "<select ") +
                                                     Count(page.text, "<input id=") +
                                                     Count(page.text, "type=\"checkbox\""))
        << path;
    for (const std::string& link : LinksIn(page.text)) to_see.push_back(link);
  }
  EXPECT_GE(seen.size(), 7u);
}

INSTANTIATE_TEST_SUITE_P(All, WindowTest,
                         testing::Values("paynow", "paymentkit", "qashier", "convergegate"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Window, ForbidsItselfEverythingForeign) {
  const auto sandbox = StartSandbox();
  httplib::Client browser("127.0.0.1", sandbox->port());
  const auto page = browser.Get("/_sandbox/");
  const std::string policy = page->get_header_value("Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("form-action 'self'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(browser.Get("/_sandbox")->get_header_value("Location"), "/_sandbox/");
  EXPECT_EQ(browser.Get("/_sandbox/live.js")->get_header_value("Content-Type"),
            "text/javascript; charset=utf-8");
}

TEST(Window, LetsNobodyInFromElsewhere) {
  const auto sandbox = StartSandbox();
  httplib::Client browser("127.0.0.1", sandbox->port());
  const std::string own = absl::StrCat("http://127.0.0.1:", sandbox->port());
  const std::string form = "back=/_sandbox/&forward_s=1";
  const auto post = [&](const httplib::Headers& headers) {
    return browser.Post("/_sandbox/api/clock", headers, form, kForm)->status;
  };
  EXPECT_EQ(post({{"Origin", own}}), 303);
  EXPECT_EQ(post({{"Origin", "http://shop.example"}}), 403);
  EXPECT_EQ(post({{"Origin", "null"}}), 403);
  EXPECT_EQ(browser.Get("/_sandbox/", {{"Host", "shop.example"}})->status, 403);
  EXPECT_EQ(browser.Get("/_sandbox/api/requests", {{"Host", "127.0.0.1.shop.example"}})->status,
            403);
}

TEST(Window, AFormDoesWhatTheApiDoesAndComesBack) {
  const auto sandbox = StartSandbox();
  Client browser(sandbox->port());
  const std::string payment =
      browser.Get("/_sandbox/api/store/payments").body.at("rows").back().at("id");
  const std::string path = absl::StrCat("/store/payments/", payment);
  EXPECT_THAT(browser.Get(OwnPath(path)).text, HasSubstr("Dispute"));
  const std::string form = absl::StrCat("back=/_sandbox", path, "&act=dispute");
  EXPECT_EQ(browser.Send("POST", OwnPath("/api" + path), form, kForm).status, 303);
  EXPECT_THAT(browser.Get(OwnPath(path)).text, HasSubstr("Win dispute"));
  // A failure is shown on a page, with a link back.
  const Answer again = browser.Send("POST", OwnPath("/api" + path), form, kForm);
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(again.text, HasSubstr("role=\"alert\""));
  EXPECT_THAT(again.text, HasSubstr(absl::StrCat("href=\"/_sandbox", path, "\"")));
  // The sandbox redirects nobody to another site.
  const std::string away = "back=//shop.example/&forward_s=1";
  EXPECT_EQ(browser.Send("POST", "/_sandbox/api/clock", away, kForm).status, 303);
  httplib::Client plain("127.0.0.1", sandbox->port());
  EXPECT_EQ(plain.Post("/_sandbox/api/clock", away, kForm)->get_header_value("Location"),
            "/_sandbox/");
}

TEST(Window, TextsOfAStoreAreNoHtml) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  client.Post(absl::StrCat(kStore, "/customers"), {{"name", "<script>alert(1)</script>"}});
  client.Get(absl::StrCat(kStore, "/orders/\"><b>"));
  for (const char* const path : {"/_sandbox/store/customers", "/_sandbox/requests", "/_sandbox/"}) {
    const Answer page = client.Get(path);
    EXPECT_THAT(page.text, Not(HasSubstr("<script>"))) << path;
    EXPECT_THAT(page.text, Not(HasSubstr("><b>"))) << path;
  }
}

TEST(Window, RequestsAreShownWithTheirAnswersAndWithoutKeys) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const Answer made = client.Post(
      absl::StrCat(kStore, "/webhooks"),
      {{"url", "http://127.0.0.1:9/"}, {"subscribed_to", "OnRefund"}, {"type", "json_v1"}});
  sandbox->faults().Add(*ParseFault("commit-then-drop:RefundOrder:1"));
  httplib::Client lost("127.0.0.1", sandbox->port());
  lost.Post(absl::StrCat(kStore, "/orders/", kOrder, "/refund"),
            {{"Authorization", absl::StrCat("APIKey ", kSandboxApiKey)}}, "{}", "application/json");
  const Answer shown = client.Get("/_sandbox/api/requests");
  ASSERT_EQ(shown.body.size(), 2u);
  EXPECT_EQ(shown.body[0].at("operation"), "RefundOrder");
  EXPECT_EQ(shown.body[0].at("fault"), "commit-then-drop");
  EXPECT_EQ(shown.body[0].at("status"), 0);
  EXPECT_EQ(shown.body[1].at("status"), 200);
  for (const std::string& text : {shown.text, client.Get("/_sandbox/requests").text}) {
    EXPECT_THAT(text, Not(HasSubstr(kSandboxApiKey)));
    EXPECT_THAT(text, Not(HasSubstr(made.body.at("secret").get<std::string>())));
    EXPECT_THAT(text, HasSubstr("APIKey ***"));
  }
}

TEST(Window, ChangesAreToldLive) {
  const auto sandbox = StartSandbox();
  Raw browser(sandbox->port());
  browser.Say("GET /_sandbox/api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_THAT(browser.Hear("retry: 2000\n\n"), HasSubstr("text/event-stream"));
  Client client(sandbox->port());
  client.Get(absl::StrCat(kStore, "/orders"));
  EXPECT_THAT(browser.Hear("\n\n"), HasSubstr("data: "));
}

TEST(Window, AResetIsTheStoreAsItWas) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const std::string before = client.Get("/_sandbox/api/export").text;
  client.Post(absl::StrCat(kStore, "/tags"), {{"name", "new"}});
  client.Post(absl::StrCat(kStore, "/orders/", kOrder, "/refund"), Json::object());
  client.Post("/_sandbox/api/clock", {{"forward_s", 90 * 24 * 3600}});
  client.Post("/_sandbox/api/faults", {{"kind", "delay"}});
  EXPECT_NE(client.Get("/_sandbox/api/export").text, before);
  EXPECT_EQ(client.Post("/_sandbox/api/reset", Json::object()).status, 204);
  EXPECT_EQ(client.Get("/_sandbox/api/export").text, before);
  EXPECT_EQ(client.Get("/_sandbox/api/faults").body, Json::array());
  EXPECT_EQ(client.Get("/_sandbox/api/requests").body, Json::array());
  EXPECT_EQ(client.Post(absl::StrCat(kStore, "/orders/", kOrder, "/refund"), Json::object()).status,
            200);
}

// Compares the OpenAPI file of the sandbox's API with what the API does.
class OpenApiTest : public testing::Test {
 protected:
  const Json& Schema(const Json& schema) const {
    if (!schema.contains("$ref")) return schema;
    const std::string name = schema.at("$ref").get<std::string>().substr(21);
    return file_.at("components").at("schemas").at(name);
  }

  // Returns what is wrong with the value, or "" if the value fits the schema.
  std::string Wrong(const Json& named, const Json& value, const std::string& at) const {
    const Json& schema = Schema(named);
    const std::string type = schema.at("type");
    const bool fits = type == "object"    ? value.is_object()
                      : type == "array"   ? value.is_array()
                      : type == "string"  ? value.is_string()
                      : type == "integer" ? value.is_number_integer()
                                          : value.is_boolean();
    if (!fits) return absl::StrCat(at, " is no ", type, "; ");
    std::string wrong;
    if (schema.contains("enum") &&
        std::count(schema["enum"].begin(), schema["enum"].end(), value) == 0 && value != "") {
      absl::StrAppend(&wrong, at, " may not be ", value.dump(), "; ");
    }
    if (type == "array") {
      for (const Json& one : value) wrong += Wrong(schema.at("items"), one, at + "[]");
    }
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name)) absl::StrAppend(&wrong, at, " lacks ", name.dump(), "; ");
    }
    if (!schema.contains("properties")) return wrong;
    for (const auto& [name, member] : value.items()) {
      if (!schema["properties"].contains(name)) {
        absl::StrAppend(&wrong, at, ".", name, " is not described; ");
      } else {
        wrong += Wrong(schema["properties"][name], member, at + "." + name);
      }
    }
    return wrong;
  }

  // Calls an operation, and checks status and body against the file.
  Answer Call(const std::string& method, const std::string& path, const std::string& real,
              const Json& body) {
    const Answer answer =
        client_.Send(method, absl::StrCat(kApiPrefix, real), body.is_null() ? "" : body.dump());
    const Json& responses =
        file_.at("paths").at(path).at(absl::AsciiStrToLower(method)).at("responses");
    const std::string status = absl::StrCat(answer.status);
    EXPECT_TRUE(responses.contains(status))
        << method << " " << real << ": " << status << answer.text;
    if (responses.contains(status) && responses[status].contains("content")) {
      const Json& schema = responses[status]["content"].at("application/json").at("schema");
      EXPECT_EQ(Wrong(schema, answer.body, path), "") << answer.text;
    } else {
      EXPECT_EQ(answer.text, "");
    }
    called_.insert(absl::StrCat(method, " ", path, " ", status));
    return answer;
  }

  Hook hook_;
  std::unique_ptr<Sandbox> sandbox_ = [this] {
    Sandbox::Options options;
    options.webhook_urls = {hook_.url()};
    return Sandbox::Start(std::move(options)).value();
  }();
  Client client_{sandbox_->port()};
  const Json file_ = client_.Get("/_sandbox/api/openapi.json").body;
  std::set<std::string> called_;
};

TEST_F(OpenApiTest, DescribesEveryRouteAndNoOther) {
  std::set<std::string> routes = {"GET /live"};
  for (const Api::Route& route : Api::Routes())
    routes.insert(absl::StrCat(route.method, " ", route.path));
  std::set<std::string> described;
  for (const auto& [path, operations] : file_.at("paths").items()) {
    for (const auto& [verb, operation] : operations.items()) {
      described.insert(absl::StrCat(absl::AsciiStrToUpper(verb), " ", path));
    }
  }
  EXPECT_EQ(described, routes);
}

TEST_F(OpenApiTest, AnswersAsItIsDescribed) {
  const Answer made =
      client_.Post(absl::StrCat(kStore, "/checkouts"),
                   {{"customer_id", "411486491630370817"},
                    {"lines", {{{"product_id", "411486491630370818"}, {"quantity", 1}}}}});
  const std::string token = made.body.at("token");
  const Json none;
  const Json empty = Json::object();
  Call("GET", "/openapi.json", "/openapi.json", none);
  Call("GET", "/store", "/store", none);
  const Json sections = client_.Get("/_sandbox/api/store").body.at("sections");
  for (const Json& section : sections) {
    Call("GET", "/store/{section}", absl::StrCat("/store/", section.at("name").get<std::string>()),
         none);
  }
  Call("GET", "/store/{section}", "/store/nothing", none);
  Call("GET", "/store/{section}/{id}", absl::StrCat("/store/orders/", kOrder), none);
  Call("GET", "/store/{section}/{id}", "/store/orders/1", none);
  const std::string payment =
      client_.Get("/_sandbox/api/store/payments").body.at("rows").back().at("id");
  const std::string act = absl::StrCat("/store/payments/", payment);
  Call("POST", "/store/{section}/{id}", act, {{"act", "dispute"}});
  Call("POST", "/store/{section}/{id}", act, {{"act", "dispute"}});
  Call("POST", "/store/{section}/{id}", act, {{"act", "dance"}});
  Call("POST", "/store/{section}/{id}", act, empty);
  Call("GET", "/checkouts/{token}", "/checkouts/" + token, none);
  Call("GET", "/checkouts/{token}", "/checkouts/none", none);
  Call("POST", "/checkouts/{token}", "/checkouts/" + token,
       {{"action", "decline"}, {"reason", "fraud"}});
  Call("POST", "/checkouts/{token}", "/checkouts/" + token, {{"action", "dance"}});
  Call("POST", "/checkouts/{token}", "/checkouts/" + token, {{"action", "pay"}});
  Call("POST", "/checkouts/{token}", "/checkouts/" + token, {{"action", "pay"}});
  Call("POST", "/checkouts/{token}", "/checkouts/none", {{"action", "pay"}});
  Call("GET", "/requests", "/requests", none);
  hook_.Await(1);
  const Answer sent = Call("GET", "/deliveries", "/deliveries", none);
  ASSERT_FALSE(sent.body.empty());
  const std::string delivery = absl::StrCat("/deliveries/", sent.body[0].at("id").get<int64_t>());
  Call("POST", "/deliveries/{id}", delivery, {{"how", "again"}});
  Call("POST", "/deliveries/{id}", "/deliveries/999", {{"how", "again"}});
  Call("POST", "/deliveries", "/deliveries", {{"reverse", 0}});
  Call("POST", "/deliveries", "/deliveries", empty);
  Call("GET", "/events", "/events", none);
  Call("POST", "/events", "/events", {{"type", "ON_REFUND"}});
  Call("POST", "/events", "/events", {{"type", "ON_REFUND"}, {"id", "1"}});
  Call("POST", "/events", "/events", empty);
  Call("GET", "/clock", "/clock", none);
  Call("POST", "/clock", "/clock", {{"forward_s", 1}});
  Call("POST", "/clock", "/clock", {{"forward_s", -1}});
  Call("GET", "/export", "/export", none);
  const Answer fault =
      Call("POST", "/faults", "/faults", {{"kind", "delay"}, {"operation", "GetOrders"}});
  Call("POST", "/faults", "/faults", {{"kind", "earthquake"}});
  Call("GET", "/faults", "/faults", none);
  const std::string id = absl::StrCat("/faults/", fault.body.at("id").get<int64_t>());
  Call("DELETE", "/faults/{id}", id, none);
  Call("DELETE", "/faults/{id}", id, none);
  Call("DELETE", "/faults", "/faults", none);
  Call("POST", "/reset", "/reset", none);
  // Every answer that the file describes was given, except those of /live.
  for (const auto& [path, operations] : file_.at("paths").items()) {
    if (path == "/live") continue;
    for (const auto& [verb, operation] : operations.items()) {
      for (const auto& [status, response] : operation.at("responses").items()) {
        const std::string name = absl::StrCat(absl::AsciiStrToUpper(verb), " ", path, " ", status);
        EXPECT_EQ(called_.count(name), 1u) << name;
      }
    }
  }
  EXPECT_EQ(client_.Send("PUT", "/_sandbox/api/clock", "{}").status, 405);
  EXPECT_EQ(client_.Send("POST", "/_sandbox/api/clock", "[]").status, 400);
  EXPECT_EQ(client_.Get("/_sandbox/api/none").status, 404);
}

}  // namespace
}  // namespace gateway::sandbox
