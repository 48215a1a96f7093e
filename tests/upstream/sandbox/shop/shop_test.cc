// A whole shop, for each provider: a checkout is made through the API and paid on its page, and the
// webhook about it passes ParseEvent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/shop/open_shop.h"

namespace gateway::sandbox {
namespace {

using testing::HasSubstr;

class ShopTest : public testing::TestWithParam<Shop> {
 protected:
  httplib::Result Do(const std::string& form) { return shop_.Do(form); }

  OpenShop shop_{GetParam().provider};
  httplib::Client* const browser_ = &shop_.browser();
  const std::string page_ = shop_.page();
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
  const Received event = shop_.Await(GetParam().paid);
  EXPECT_TRUE(IsGenuine(GetParam().provider, event, kSecret)) << event.body;
  EXPECT_EQ(Do("action=pay")->status, 409);
  EXPECT_THAT(browser_->Get(page_)->body, testing::Not(HasSubstr("value=\"pay\"")));
}

TEST_P(ShopTest, ADeclinedPaymentMayBeTriedAgain) {
  const auto declined = Do("action=decline&reason=expired_card");
  EXPECT_EQ(declined->status, 303);
  const std::string back = declined->get_header_value("Location");
  EXPECT_THAT(browser_->Get(back)->body, HasSubstr("The payment was declined: Expired card"));
  EXPECT_THAT(browser_->Get(page_ + "?declined=<b>")->body, testing::Not(HasSubstr("<b>")));
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
  EXPECT_TRUE(IsGenuine(GetParam().provider, shop_.Await(GetParam().paid), kSecret));
}

// The shops whose provider signs what it delivers.
class SignedShopTest : public ShopTest {};

TEST_P(SignedShopTest, ADeliveryIsSentAgainAndATamperedOneIsFound) {
  Do("action=pay");
  shop_.Await(GetParam().paid);
  const Json log = ParseJson(browser_->Get("/_sandbox/api/deliveries")->body).value();
  // The seed also has a webhook subscription, to an address where nobody listens.
  size_t before = 0;
  int64_t id = 0;
  for (const Json& delivery : log) {
    if (delivery.at("url") != shop_.hook().url()) continue;
    ++before;
    id = delivery.at("id");
  }
  shop_.hook().Await(before);
  const std::string path = absl::StrCat("/_sandbox/api/deliveries/", id);
  EXPECT_EQ(browser_->Post(path, R"({"how": "twice"})", "application/json")->status, 202);
  const std::vector<Received> twice = shop_.hook().Await(before + 2);
  EXPECT_EQ(twice[before].body, twice[before + 1].body);
  EXPECT_EQ(browser_->Post(path, R"({"how": "tampered"})", "application/json")->status, 202);
  const Received tampered = shop_.hook().Await(before + 3).back();
  EXPECT_FALSE(IsGenuine(GetParam().provider, tampered, kSecret));
  EXPECT_EQ(browser_->Post(path, R"({"how": "sideways"})", "application/json")->status, 404);
}

std::string NameOf(const testing::TestParamInfo<Shop>& info) { return info.param.provider; }

// Qashier documents no signature.
std::vector<Shop> SignedShops() {
  std::vector<Shop> shops = Shops();
  std::erase_if(shops, [](const Shop& shop) { return std::string(shop.provider) == "qashier"; });
  return shops;
}

INSTANTIATE_TEST_SUITE_P(All, ShopTest, testing::ValuesIn(Shops()), NameOf);
INSTANTIATE_TEST_SUITE_P(All, SignedShopTest, testing::ValuesIn(SignedShops()), NameOf);

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
  std::vector<std::string> types;
  for (const Received& event : hook.Await(10)) {
    if (!absl::StartsWith(TypeOf(event), "ON_DELIVERY")) types.push_back(TypeOf(event));
  }
  ASSERT_GE(types.size(), 6u);
  EXPECT_EQ(std::vector<std::string>(types.begin() + 2, types.end()),
            std::vector<std::string>({"ON_SUBSCRIPTION_RENEWED", "ON_ORDER_COMPLETED",
                                      "ON_SUBSCRIPTION_RENEWED", "ON_ORDER_COMPLETED"}));
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
