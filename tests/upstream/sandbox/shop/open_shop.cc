#include "tests/upstream/sandbox/shop/open_shop.h"

#include <gtest/gtest.h>

#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/upstream/webhooks/message.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway::sandbox {

const std::vector<Shop>& Shops() {
  static const auto& shops = *new std::vector<Shop>{
      {"paynow", "/v1/stores/411486491630370816/checkouts", "application/json",
       R"({"customer_id": "411486491630370817", "return_url": "https://shop.example/thanks",
         "lines": [{"product_id": "411486491630370818", "quantity": 2}]})",
       "token", "ON_ORDER_COMPLETED", "https://shop.example/thanks"},
      {"paymentkit", "/api/acc_sandbox/checkout-sessions", "application/json",
       R"({"line_items": [{"price_id": "price_1", "quantity": 2}], "return_url": "https://shop.example/back",
         "success_url": "https://shop.example/thanks?id={CHECKOUT_SESSION_ID}"})",
       "secure_token", "invoice.paid", "https://shop.example/thanks?id=cs_dev_sbx_"},
      {"qashier", "/checkout/sessions", "application/json",
       R"({"line_items": [{"price_data": {"currency": "sgd", "product_data": {"name": "Kopi"},
         "unit_amount": 250}, "quantity": 2}], "return_url": "https://shop.example/back",
         "success_url": "https://shop.example/thanks"})",
       "id", "checkout.session.completed", "https://shop.example/thanks"},
      {"convergegate", "/v1/checkout/sessions", "application/x-www-form-urlencoded",
       "amount=1000&currency=pln&customer_email=a%40b.c&customer_firstname=Ada&customer_lastname=E"
       "&success_url=https%3A%2F%2Fshop.example%2Fthanks&cancel_url=https%3A%2F%2Fshop.example%"
       "2Fback",
       "id", "session.completed", "https://shop.example/thanks"},
  };
  return shops;
}

bool IsGenuine(const std::string& provider, const Received& received, const std::string& secret) {
  static const auto& reader = *new std::unique_ptr<const webhooks::EventReader>(
      *webhooks::EventReader::Create(webhooks::EmbeddedSchemes()));
  webhooks::Verifier::Options options;
  if (provider == "qashier") {
    options.allow_unsigned = true;
  } else {
    options.secrets = {secret};
  }
  webhooks::Settings settings;
  settings.providers.emplace(
      provider, *webhooks::Verifier::Create(webhooks::SchemeOf(provider), std::move(options)));
  const auto answer = webhooks::ParseEvent(
      *reader, settings, webhooks::MakeRequest(provider, received.headers, received.body),
      absl::Now());
  return std::holds_alternative<webhooks::Event>(answer);
}

std::string TypeOf(const Received& received) {
  const Json event = ParseJson(received.body).value_or(Json::object());
  return event.value("event_type", event.value("type", ""));
}

namespace {

const Shop& ShopOf(const std::string& provider) {
  for (const Shop& shop : Shops()) {
    if (provider == shop.provider) return shop;
  }
  std::abort();
}

}  // namespace

OpenShop::OpenShop(const std::string& provider, const std::string& body) : shop_(ShopOf(provider)) {
  Sandbox::Options options;
  options.provider = provider;
  options.webhook_urls = {hook_.url()};
  options.webhook_secret = kSecret;
  sandbox_ = Sandbox::Start(std::move(options)).value();
  browser_ = std::make_unique<httplib::Client>("127.0.0.1", sandbox_->port());
  page_ = absl::StrCat("/pay/", Checkout(body.empty() ? shop_.body : body));
}

Json OpenShop::Call(const std::string& method, const std::string& path, const std::string& body) {
  const std::string scheme = sandbox_->settings().at("authorization")[0];
  const std::string key = sandbox_->settings().at("api_key");
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  request.headers = {
      {"Authorization",
       absl::StrCat(scheme, " ", scheme == "Basic" ? absl::Base64Escape(key + ":") : key)}};
  if (!body.empty()) request.headers.emplace("Content-Type", shop_.type);
  const auto made = browser_->send(request);
  EXPECT_TRUE(made && made->status / 100 == 2) << path << (made ? made->body : "nothing");
  return made ? ParseJson(made->body).value_or(Json()) : Json();
}

std::string OpenShop::Checkout(const std::string& body) {
  const Json reply = Call("POST", shop_.path, body);
  const std::string token = reply.at(shop_.token);
  if (reply.contains("url")) {
    EXPECT_EQ(reply.at("url"), absl::StrCat("http://127.0.0.1:", sandbox_->port(), "/pay/", token));
  }
  return token;
}

httplib::Result OpenShop::Do(const std::string& form) {
  return browser_->Post(page_, form, "application/x-www-form-urlencoded");
}

Json OpenShop::Own(const std::string& path, const Json& body) {
  const auto made = browser_->Post("/_sandbox/api" + path, body.dump(), "application/json");
  EXPECT_TRUE(made && made->status / 100 == 2) << path << (made ? made->body : "nothing");
  return made ? ParseJson(made->body).value_or(Json()) : Json();
}

Json OpenShop::Own(const std::string& path) {
  return ParseJson(browser_->Get("/_sandbox/api" + path)->body).value_or(Json());
}

void OpenShop::Act(const std::string& section, const std::string& act) {
  const Json rows = Own("/store/" + section).at("rows");
  for (const Json& row : rows) {
    for (const Json& one : row.at("acts")) {
      if (one.at("name") != act) continue;
      Own(absl::StrCat("/store/", section, "/", row.at("id").get<std::string>()), {{"act", act}});
      return;
    }
  }
  ADD_FAILURE() << "nothing in " << section << " to " << act;
}

Received OpenShop::Await(const std::string& type) {
  for (size_t count = 1; count < 60; ++count) {
    const std::vector<Received> all = hook_.Await(count);
    if (all.size() < count) break;
    for (const Received& one : all) {
      if (TypeOf(one) == type) return one;
    }
  }
  return {};
}

}  // namespace gateway::sandbox
