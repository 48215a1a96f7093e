// A whole shop: a checkout is made through the API, paid on its page, and told by a webhook that
// ParseEvent takes for genuine. For each provider.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <iterator>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/hook.h"
#include "tests/upstream/webhooks/message.h"
#include "upstream/sandbox/bundle.h"
#include "upstream/webhooks/parse_event.h"

namespace gateway::sandbox {
namespace {

using testing::HasSubstr;

constexpr char kSecret[] = "whsec_of_the_test";

// Whether the event is the provider's, by the gateway's own verifier and reader.
bool IsGenuine(const std::string& provider, const Received& received, const std::string& secret) {
  static const auto& reader =
      *new std::unique_ptr<const webhooks::EventReader>(*webhooks::EventReader::Create());
  webhooks::Verifier::Options options;
  if (provider == "qashier") {
    options.allow_unsigned = true;
  } else {
    options.secrets = {secret};
  }
  webhooks::Settings settings;
  settings.providers.emplace(provider, *webhooks::Verifier::Create(provider, std::move(options)));
  const auto answer = webhooks::ParseEvent(
      *reader, settings, webhooks::MakeRequest(provider, received.headers, received.body),
      absl::Now());
  return std::holds_alternative<webhooks::Event>(answer);
}

std::string TypeOf(const Received& received) {
  const Json event = ParseJson(received.body).value_or(Json::object());
  return event.value("event_type", event.value("type", ""));
}

struct Shop {
  const char* provider;
  const char* path;
  const char* type;
  const char* body;
  const char* token;  // the member of the reply that ends the link

  const char* paid;  // the event
  const char* success;
};

const Shop kShops[] = {
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

class ShopTest : public testing::TestWithParam<Shop> {
 protected:
  ShopTest() {
    Sandbox::Options options;
    options.provider = GetParam().provider;
    options.webhook_urls = {hook_.url()};
    options.webhook_secret = kSecret;
    sandbox_ = Sandbox::Start(std::move(options)).value();
    browser_ = std::make_unique<httplib::Client>("127.0.0.1", sandbox_->port());
    const std::string scheme = sandbox_->settings().at("authorization")[0];
    const std::string key = sandbox_->settings().at("api_key");
    const httplib::Headers headers = {
        {"Authorization",
         absl::StrCat(scheme, " ", scheme == "Basic" ? absl::Base64Escape(key + ":") : key)}};
    const auto made = browser_->Post(GetParam().path, headers, GetParam().body, GetParam().type);
    EXPECT_TRUE(made && made->status / 100 == 2) << (made ? made->body : "nothing");
    const Json reply = ParseJson(made->body).value();
    page_ = absl::StrCat("/pay/", reply.at(GetParam().token).get<std::string>());
    if (reply.contains("url")) {
      EXPECT_EQ(reply.at("url"), absl::StrCat("http://127.0.0.1:", sandbox_->port(), page_));
    }
  }

  httplib::Result Do(const std::string& form) {
    return browser_->Post(page_, form, "application/x-www-form-urlencoded");
  }
  // The event of this type among those that came.
  Received AwaitEvent(const std::string& type) {
    for (size_t count = 1; count < 20; ++count) {
      const std::vector<Received> all = hook_.Await(count);
      if (all.size() < count) break;
      for (const Received& one : all) {
        if (TypeOf(one) == type) return one;
      }
    }
    return {};
  }

  Hook hook_;
  std::unique_ptr<Sandbox> sandbox_;
  std::unique_ptr<httplib::Client> browser_;
  std::string page_;
};

TEST_P(ShopTest, ThePageShowsTheCheckoutWithoutScripts) {
  const auto page = browser_->Get(page_);
  ASSERT_EQ(page->status, 200) << page->body;
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page->body, HasSubstr("<html lang=\"en\">"));
  EXPECT_THAT(page->body, HasSubstr("value=\"pay\""));
  EXPECT_THAT(page->body, HasSubstr("<label for=\"reason\">"));
  EXPECT_THAT(page->body, testing::Not(HasSubstr("<script")));
  EXPECT_EQ(browser_->Get("/pay/style.css")->status, 200);
  EXPECT_EQ(browser_->Get("/pay/nobody")->status, 404);
}

TEST_P(ShopTest, PayingSendsTheCustomerBackAndTellsTheShop) {
  const auto paid = Do("action=pay");
  ASSERT_EQ(paid->status, 303) << paid->body;
  EXPECT_THAT(paid->get_header_value("Location"), testing::StartsWith(GetParam().success));
  const Received event = AwaitEvent(GetParam().paid);
  EXPECT_TRUE(IsGenuine(GetParam().provider, event, kSecret)) << event.body;
  EXPECT_EQ(Do("action=pay")->status, 409);
  EXPECT_THAT(browser_->Get(page_)->body, testing::Not(HasSubstr("value=\"pay\"")));
}

TEST_P(ShopTest, ADeclinedPaymentMayBeTriedAgain) {
  const auto declined = Do("action=decline&reason=expired_card");
  EXPECT_EQ(declined->status, 402);
  EXPECT_THAT(declined->body, HasSubstr("Expired card"));
  EXPECT_EQ(Do("action=decline&reason=none")->status, 400);
  EXPECT_EQ(Do("action=pay")->status, 303);
}

TEST_P(ShopTest, AnAbandonedCheckoutStaysOpenAndAnExpiredOneDoesNot) {
  EXPECT_EQ(Do("action=abandon")->status, 303);
  EXPECT_THAT(browser_->Get(page_)->body, HasSubstr("value=\"pay\""));
  EXPECT_EQ(Do("action=expire")->status, 303);
  EXPECT_EQ(Do("action=pay")->status, 409);
  EXPECT_EQ(Do("action=dance")->status, 409);
}

TEST_P(ShopTest, APaymentThatWasPutOffComesLater) {
  EXPECT_EQ(Do("action=later")->status, 303);
  EXPECT_EQ(
      browser_->Post("/_sandbox/api/clock", R"({"forward_s": 11})", "application/json")->status,
      200);
  EXPECT_TRUE(IsGenuine(GetParam().provider, AwaitEvent(GetParam().paid), kSecret));
}

// The shops whose provider signs what it delivers.
class SignedShopTest : public ShopTest {};

TEST_P(SignedShopTest, ADeliveryIsSentAgainAndATamperedOneIsFound) {
  Do("action=pay");
  AwaitEvent(GetParam().paid);
  const Json log = ParseJson(browser_->Get("/_sandbox/api/deliveries")->body).value();
  // The seed has a subscription of its own, to an address that nobody serves.
  size_t before = 0;
  int64_t id = 0;
  for (const Json& delivery : log) {
    if (delivery.at("url") != hook_.url()) continue;
    ++before;
    id = delivery.at("id");
  }
  hook_.Await(before);
  const std::string path = absl::StrCat("/_sandbox/api/deliveries/", id);
  EXPECT_EQ(browser_->Post(path, R"({"how": "twice"})", "application/json")->status, 202);
  const std::vector<Received> twice = hook_.Await(before + 2);
  EXPECT_EQ(twice[before].body, twice[before + 1].body);
  EXPECT_EQ(browser_->Post(path, R"({"how": "tampered"})", "application/json")->status, 202);
  const Received tampered = hook_.Await(before + 3).back();
  EXPECT_FALSE(IsGenuine(GetParam().provider, tampered, kSecret));
  EXPECT_EQ(browser_->Post(path, R"({"how": "sideways"})", "application/json")->status, 404);
}

std::string NameOf(const testing::TestParamInfo<Shop>& info) { return info.param.provider; }

// Qashier documents no signature.
std::vector<Shop> SignedShops() {
  std::vector<Shop> shops(std::begin(kShops), std::end(kShops));
  std::erase_if(shops, [](const Shop& shop) { return std::string(shop.provider) == "qashier"; });
  return shops;
}

INSTANTIATE_TEST_SUITE_P(All, ShopTest, testing::ValuesIn(kShops), NameOf);
INSTANTIATE_TEST_SUITE_P(All, SignedShopTest, testing::ValuesIn(SignedShops()), NameOf);

// Every event whose body PayNow documents, told at a word, to those who subscribed through the API.
TEST(PayNowEvents, EachIsTrueToItsShapeAndVerifies) {
  Hook hook;
  Sandbox::Options options;
  options.webhook_urls = {hook.url()};
  options.webhook_secret = kSecret;
  const auto sandbox = Sandbox::Start(std::move(options)).value();
  Client client(sandbox->port());
  const Contract& documented = *EventsOf("paynow");
  ASSERT_EQ(documented.events().size(), 17u);
  size_t count = 0;
  for (const Contract::Event& event : documented.events()) {
    const Answer told = client.Post("/_sandbox/api/events", {{"type", event.name}});
    ASSERT_EQ(told.status, 202) << event.name << told.text;
    const Received received = hook.Await(++count).back();
    EXPECT_EQ(TypeOf(received), event.name);
    EXPECT_TRUE(IsGenuine("paynow", received, kSecret)) << received.body;
    EXPECT_FALSE(IsGenuine("paynow", received, "another secret"));
    const Json body = ParseJson(received.body)->at("body");
    EXPECT_EQ(Describe(Validate(event.type, body, UnknownMembers::kRefused)), "") << event.name;
  }
  EXPECT_EQ(client.Post("/_sandbox/api/events", {{"type", "ON_NOTHING"}}).status, 400);
}

TEST(PayNowSubscriptions, GetTheirEventsSignedWithTheirSecretAndAHistory) {
  Hook hook;
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const Answer made =
      client.Post(absl::StrCat(kStore, "/webhooks"),
                  {{"url", hook.url()}, {"subscribed_to", "OnRefund"}, {"type", "json_v1"}});
  ASSERT_EQ(made.status, 200) << made.text;
  hook.Answer(500);
  EXPECT_EQ(
      client.Post(absl::StrCat(kStore, "/orders/411486491630370850/refund"), Json::object()).status,
      200);
  const Received received = hook.Await(1).front();
  EXPECT_EQ(TypeOf(received), "ON_REFUND");
  EXPECT_TRUE(IsGenuine("paynow", received, made.body.at("secret")));
}

TEST(PayNowRenewals, ComeWithTheClock) {
  Hook hook;
  Sandbox::Options options;
  options.webhook_urls = {hook.url()};
  const auto sandbox = Sandbox::Start(std::move(options)).value();
  Client client(sandbox->port());
  const Answer made = client.Post(
      absl::StrCat(kStore, "/checkouts"),
      {{"customer_id", "411486491630370817"},
       {"lines",
        {{{"product_id", "411486491630370834"}, {"quantity", 1}, {"subscription", true}}}}});
  ASSERT_EQ(made.status, 200) << made.text;
  const std::string page = absl::StrCat("/pay/", made.body.at("token").get<std::string>());
  client.Send("POST", page, "action=pay", "application/x-www-form-urlencoded");
  // Order, item added, item activated, subscription.
  EXPECT_EQ(TypeOf(hook.Await(4)[3]), "ON_SUBSCRIPTION_ACTIVATED");
  EXPECT_EQ(client.Post("/_sandbox/api/clock", {{"forward_s", 65 * 24 * 3600}}).status, 200);
  const std::vector<Received> all = hook.Await(8);
  EXPECT_EQ(TypeOf(all[4]), "ON_SUBSCRIPTION_RENEWED");
  EXPECT_EQ(TypeOf(all[5]), "ON_ORDER_COMPLETED");
  EXPECT_EQ(TypeOf(all[6]), "ON_SUBSCRIPTION_RENEWED");
}

TEST(Export, IsASeed) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  client.Post(absl::StrCat(kStore, "/tags"), {{"name", "exported"}});
  Sandbox::Options options;
  options.seed = client.Get("/_sandbox/api/export").text;
  const auto other = Sandbox::Start(std::move(options)).value();
  Client reader(other->port());
  EXPECT_EQ(reader.Get(absl::StrCat(kStore, "/tags")).body,
            client.Get(absl::StrCat(kStore, "/tags")).body);
}

}  // namespace
}  // namespace gateway::sandbox
