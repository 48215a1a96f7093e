// Every event that a provider documents follows some action of a user, has its documented shape,
// and passes ParseEvent. Also what happens to money later: refunds that fail, disputes, magic
// values, retries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/upstream/sandbox/client.h"
#include "tests/upstream/sandbox/shop/open_shop.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

constexpr int kDay = 24 * 3600;
constexpr char kOrder[] = "411486491630370850";

std::string PayNowCheckout(const std::string& more) {
  return absl::StrCat(
      R"({"customer_id": "411486491630370817", "lines": [{"product_id": "411486491630370834",
      "quantity": 1, )",
      more, "}]}");
}

void Forward(OpenShop& shop, int seconds) { shop.Own("/clock", {{"forward_s", seconds}}); }

std::string Path(const std::string& rest) { return absl::StrCat(kStore, rest); }

Json NewestItem(OpenShop& shop) { return shop.Own("/store/items").at("rows")[0].at("id"); }

// Calls a PayNow operation on the newest delivery item.
void CallOnItem(OpenShop& shop, const char* operation_id, const std::string& query) {
  const Operation& operation = *shop.sandbox().contract().FindOperation(operation_id);
  const std::string store = std::string(kStore).substr(sizeof("/v1/stores/") - 1);
  const std::string item = NewestItem(shop);
  const std::string path =
      absl::StrReplaceAll(operation.path, {{"{storeId}", store},
                                           {"{customerId}", "411486491630370817"},
                                           {"{inventoryItemId}", item},
                                           {"{deliveryItemId}", item}});
  shop.Call(operation.verb, path + query, "");
}

struct Way {
  const char* provider;
  const char* event;
  // The checkout that the shop opens with; empty: any.
  std::string checkout;
  std::function<void(OpenShop& shop)> act;
};

void Pay(OpenShop& shop) { EXPECT_LT(shop.Do("action=pay")->status, 400); }
void Expire(OpenShop& shop) { EXPECT_EQ(shop.Do("action=expire")->status, 303); }

void PayAndAct(OpenShop& shop, const char* section, const char* act) {
  Pay(shop);
  shop.Act(section, act);
}

const std::vector<Way>& Ways() {
  const std::string subscribes = PayNowCheckout("\"subscription\": true");
  const std::string tries = PayNowCheckout("\"subscription\": true, \"trial\": true");
  static const auto& ways = *new std::vector<Way>{
      {"paynow", "ON_ORDER_COMPLETED", "", Pay},
      {"paynow", "ON_REFUND", "",
       [](OpenShop& shop) {
         shop.Call("POST", Path(absl::StrCat("/orders/", kOrder, "/refund")), "{}");
       }},
      {"paynow", "ON_CHARGEBACK", "",
       [](OpenShop& shop) { PayAndAct(shop, "payments", "dispute"); }},
      {"paynow", "ON_CHARGEBACK_CLOSED", "",
       [](OpenShop& shop) {
         PayAndAct(shop, "payments", "dispute");
         shop.Act("payments", "lose");
       }},
      {"paynow", "ON_DELIVERY_ITEM_ADDED", "", Pay},
      {"paynow", "ON_DELIVERY_ITEM_ACTIVATED", "", Pay},
      {"paynow", "ON_DELIVERY_ITEM_USED", "",
       [](OpenShop& shop) { PayAndAct(shop, "items", "use"); }},
      {"paynow", "ON_DELIVERY_ITEM_REVOKED", "",
       [](OpenShop& shop) {
         Pay(shop);
         CallOnItem(shop, "Delivery_RevokeDeliveryItem", "");
       }},
      // The items of a canceled subscription expire when its month is over.
      {"paynow", "ON_DELIVERY_ITEM_EXPIRED", subscribes,
       [](OpenShop& shop) {
         PayAndAct(shop, "subscriptions", "cancel");
         Forward(shop, 31 * kDay);
       }},
      {"paynow", "ON_DELIVERY_ITEM_RENEWED", subscribes,
       [](OpenShop& shop) {
         Pay(shop);
         Forward(shop, 31 * kDay);
       }},
      {"paynow", "ON_SUBSCRIPTION_ACTIVATED", subscribes, Pay},
      {"paynow", "ON_SUBSCRIPTION_RENEWED", subscribes,
       [](OpenShop& shop) { PayAndAct(shop, "subscriptions", "renew"); }},
      {"paynow", "ON_SUBSCRIPTION_CANCELED", subscribes,
       [](OpenShop& shop) { PayAndAct(shop, "subscriptions", "cancel"); }},
      {"paynow", "ON_TRIAL_ACTIVATED", tries, Pay},
      {"paynow", "ON_TRIAL_COMPLETED", tries,
       [](OpenShop& shop) {
         Pay(shop);
         Forward(shop, 8 * kDay);
       }},
      {"paynow", "ON_TRIAL_CANCELED", tries,
       [](OpenShop& shop) { PayAndAct(shop, "trials", "cancel"); }},
      {"paynow", "ON_DISCORD_ACCOUNT_LINKED_TO_CHECKOUT", "",
       [](OpenShop& shop) {
         Pay(shop);
         CallOnItem(shop, "Discord_SetUserToDeliveryItemLink", "?discordUserId=80351110224678912");
       }},
      {"paymentkit", "invoice.paid", "", Pay},
      {"paymentkit", "customer.subscription.created", "",
       [](OpenShop& shop) {
         shop.Call(
             "POST", "/api/acc_sandbox/subscriptions",
             R"({"customer_id": "cus_abc123", "currency": "usd", "period_start": "2026-01-01T00:00:00Z",
                       "billing_interval": "month", "billing_interval_count": 1,
                       "collection_method": "charge_automatically", "items": [{"price_id": "price_1", "quantity": 1}]})");
       }},
      {"qashier", "checkout.session.completed", "", Pay},
      {"qashier", "checkout.session.expired", "", Expire},
      {"convergegate", "session.created", "", [](OpenShop&) {}},
      {"convergegate", "session.completed", "", Pay},
      {"convergegate", "session.expired", "", [](OpenShop& shop) { Forward(shop, 2 * kDay); }},
  };
  return ways;
}

// Returns the events that the provider documents. PayNow has a contract of its own for events, and
// PaymentKit has none.
std::set<std::string> Documented(const std::string& provider) {
  std::set<std::string> types;
  const Contract* const apart = EventsOf(provider);
  const Contract& contract = apart != nullptr ? *apart : **ContractOf(provider);
  for (const Contract::Event& event : contract.events()) types.insert(event.name);
  if (provider == "paymentkit") return {"invoice.paid", "customer.subscription.created"};
  return types;
}

TEST(Events, EveryDocumentedOneHasAWay) {
  size_t count = 0;
  for (const char* const provider : {"paynow", "paymentkit", "qashier", "convergegate"}) {
    std::set<std::string> ways;
    for (const Way& way : Ways()) {
      if (way.provider == std::string(provider)) ways.insert(way.event);
    }
    EXPECT_EQ(ways, Documented(provider));
    count += ways.size();
  }
  EXPECT_EQ(count, 24u);
}

// Expects the shape that the provider documents for the event, if it documents one.
void ExpectItsShape(const std::string& provider, const Received& received) {
  const Contract* const apart = EventsOf(provider);
  const Contract& contract = apart != nullptr ? *apart : **ContractOf(provider);
  const Contract::Event* const event = contract.FindEvent(TypeOf(received));
  if (event == nullptr) return;
  const Json payload = *ParseJson(received.body);
  EXPECT_EQ(Describe(Validate(event->type, provider == "paynow" ? payload.at("body") : payload,
                              UnknownMembers::kRefused)),
            "")
      << received.body;
}

class EventTest : public testing::TestWithParam<Way> {};

TEST_P(EventTest, IsSentAndGenuine) {
  OpenShop shop(GetParam().provider, GetParam().checkout);
  GetParam().act(shop);
  const Received received = shop.Await(GetParam().event);
  EXPECT_TRUE(IsGenuine(GetParam().provider, received, kSecret)) << received.body;
  ExpectItsShape(GetParam().provider, received);
}

INSTANTIATE_TEST_SUITE_P(All, EventTest, testing::ValuesIn(Ways()), [](const auto& info) {
  std::string name = absl::StrCat(info.param.provider, "_", info.param.event);
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

// The sandbox's own API sends an event of each type at once.
TEST(Events, EachIsToldAtAWord) {
  for (const char* const provider : {"paynow", "paymentkit", "qashier", "convergegate"}) {
    OpenShop shop(provider);
    if (provider == std::string("paymentkit")) shop.Do("action=pay");
    const Json types = shop.Own("/events");
    EXPECT_EQ(types.size(), Documented(provider).size());
    for (const Json& type : types) {
      shop.Own("/events", {{"type", type}});
      const Received received = shop.Await(type);
      EXPECT_TRUE(IsGenuine(provider, received, kSecret)) << received.body;
      ExpectItsShape(provider, received);
    }
  }
}

Json ReadRecord(OpenShop& shop, const std::string& section, const std::string& id) {
  return shop.Own(absl::StrCat("/store/", section, "/", id)).at("record");
}

std::string NewestIn(OpenShop& shop, const std::string& section) {
  return shop.Own("/store/" + section).at("rows")[0].at("id");
}

TEST(Disputes, ChangeOrderAndPayment) {
  OpenShop shop("paynow");
  Pay(shop);
  const std::string payment = NewestIn(shop, "payments");
  const std::string order = ReadRecord(shop, "payments", payment).at("order_id");
  shop.Act("payments", "dispute");
  EXPECT_EQ(ReadRecord(shop, "payments", payment).at("chargeback_status"), "pending");
  EXPECT_EQ(shop.Call("GET", Path("/orders/" + order), "").at("status"), "chargeback");
  shop.Act("payments", "win");
  EXPECT_EQ(ReadRecord(shop, "payments", payment).at("chargeback_status"), "won");
  EXPECT_EQ(shop.Call("GET", Path("/orders/" + order), "").at("status"), "completed");
}

// Waits until `times` events of this type have come.
void AwaitTimes(OpenShop& shop, const std::string& type, size_t times) {
  for (size_t all = 1; all < 60; ++all) {
    size_t seen = 0;
    for (const Received& one : shop.hook().Await(all)) seen += TypeOf(one) == type;
    if (seen >= times) return;
  }
  ADD_FAILURE() << type << " came less than " << times << " times";
}

TEST(Refunds, MayFailLaterAndThenTheOrderIsAsItWas) {
  OpenShop shop("paynow", R"({"customer_id": "411486491630370817", "lines": [{"quantity": 1,
      "inline_product": {"name": "Magic", "price": 4009}}]})");
  Pay(shop);
  const std::string order = NewestIn(shop, "orders");
  const std::string path = Path(absl::StrCat("/orders/", order));
  shop.Call("POST", path + "/refund", "{}");
  EXPECT_EQ(shop.Call("GET", path, "").at("status"), "refunded");
  Forward(shop, 11);
  AwaitTimes(shop, "ON_REFUND", 2);
  EXPECT_EQ(shop.Call("GET", path, "").at("status"), "completed");
  EXPECT_EQ(ReadRecord(shop, "refunds", NewestIn(shop, "refunds")).at("status"), "failed");
  // Once it has failed, it can be tried again.
  shop.Call("POST", path + "/refund", "{}");
}

std::string Cart(const std::string& provider, int total) {
  if (provider == "paynow") {
    return absl::StrCat(R"({"customer_id": "411486491630370817", "lines": [{"quantity": 1,
        "inline_product": {"name": "Magic", "price": )",
                        total, "}}]}");
  }
  if (provider == "paymentkit")
    return absl::StrCat(R"({"line_items": [{"price_id": "price_)", total, R"("}]})");
  if (provider == "qashier") {
    return absl::StrCat(
        R"({"return_url": "https://shop.example/back", "success_url": "https://shop.example/thanks",
        "line_items": [{"quantity": 1, "price_data": {"currency": "sgd", "product_data": {"name": "Kopi"},
        "unit_amount": )",
        total, "}}]}");
  }
  return absl::StrCat(
      "amount=", total,
      "&currency=pln&customer_email=a%40b.c&customer_firstname=A&customer_lastname=B"
      "&success_url=https%3A%2F%2Fshop.example%2Fthanks");
}

// The total of a checkout decides what happens, without a customer on the page.
TEST(MagicValues, LetACheckoutGoItsWay) {
  for (const Shop& shop : Shops()) {
    OpenShop paid(shop.provider, Cart(shop.provider, 4001));
    EXPECT_TRUE(IsGenuine(shop.provider, paid.Await(shop.paid), kSecret)) << shop.provider;
    OpenShop later(shop.provider, Cart(shop.provider, 4006));
    // Jobs run in order: when the checkout of 4001 is paid, that of 4006 has been put off.
    later.Checkout(Cart(shop.provider, 4001));
    AwaitTimes(later, shop.paid, 1);
    Forward(later, 11);
    AwaitTimes(later, shop.paid, 2);
  }
}

TEST(MagicValues, DeclineWithAReason) {
  OpenShop shop("paynow", Cart("paynow", 4003));
  // The job of the decline runs before that of the later checkout: jobs go out in their order.
  shop.Checkout(Cart("paynow", 4001));
  shop.Await("ON_ORDER_COMPLETED");
  const std::string shown = shop.Own("/store/payments").dump();
  EXPECT_THAT(shown, testing::HasSubstr("expired_card"));
}

TEST(MagicValues, AnEMailAddressDoesTheSame) {
  OpenShop shop("convergegate",
                "amount=1000&currency=pln&customer_email=pay%40magic.example&customer_firstname=A&"
                "customer_lastname=B"
                "&success_url=https%3A%2F%2Fshop.example%2Fthanks");
  EXPECT_TRUE(IsGenuine("convergegate", shop.Await("session.completed"), kSecret));
}

TEST(MagicValues, BlikCodes) {
  OpenShop shop("convergegate");
  const std::string path = absl::StrCat("/v1/checkout/sessions/", shop.page().substr(5), "/pay");
  EXPECT_EQ(shop.Call("POST", path, "blik_code=777000").at("status"), "open");
  EXPECT_EQ(shop.Call("POST", path, "blik_code=777001").at("status"), "open");
  Forward(shop, 11);
  EXPECT_TRUE(IsGenuine("convergegate", shop.Await("session.completed"), kSecret));
}

// Answers every attempt with this status. Returns how many attempts follow the first.
size_t AttemptsAfter(const char* provider, int status) {
  OpenShop shop(provider);
  shop.hook().Answer(status);
  Pay(shop);
  shop.Await(shop.shop().paid);
  // Moves the sandbox's clock forward until no delivery waits for its next attempt.
  const absl::Time end = absl::Now() + absl::Seconds(60);
  while (absl::Now() < end) {
    bool waits = false;
    bool under_way = false;
    size_t attempts = 0;
    for (const Json& delivery : shop.Own("/deliveries")) {
      if (delivery.at("url") != shop.hook().url() ||
          delivery.at("event").at("type") != shop.shop().paid)
        continue;
      waits = delivery.at("state") == "waiting";
      under_way = waits && !delivery.contains("next");
      attempts = delivery.at("attempts").size();
    }
    if (!waits) return attempts - 1;
    if (!under_way) Forward(shop, 400000);
  }
  return 1000;
}

TEST(Retries, ComeAsTheProviderSays) {
  EXPECT_EQ(AttemptsAfter("paynow", 500), 5u);
  EXPECT_EQ(AttemptsAfter("paynow", 404), 5u);
  EXPECT_EQ(AttemptsAfter("paymentkit", 503), 4u);
  EXPECT_EQ(AttemptsAfter("paymentkit", 404), 0u);
  EXPECT_EQ(AttemptsAfter("convergegate", 500), 9u);
  EXPECT_EQ(AttemptsAfter("qashier", 500), 0u);
}

}  // namespace
}  // namespace gateway::sandbox
