// The example requests of the providers' own documents, called through gRPC. What arrives at the
// upstream equals what the example sends, member by member and in the same encoding. Examples with
// typing errors (missing line ends, a colon for an equals sign) are corrected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "upstream/sandbox/form.h"

namespace gateway::end_to_end {
namespace {

constexpr char kCreate[] = "CheckoutSessionsService/CreateCheckoutSession";
// base64 of "<the sandbox's key>:": the key as user name, with an empty password.
constexpr char kBasic[] = "Basic cG5hcGlfdjFfc2FuZGJveDo=";

// PaymentKit.

struct Example {
  const char* what;
  const char* body;
};

// Each body is also protobuf's JSON of the request message, because names and values are equal in
// both.
constexpr Example kPaymentKit[] = {
    {"Quickstart", R"({"customer_id": "cus_abc123",
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"Customer", R"({"customer_id": "cus_abc123", "success_url": "https://yoursite.com/success",
        "return_url": "https://yoursite.com/settings"})"},
    {"PromotionCode", R"({"promotion_code": "SAVE20",
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"Coupon", R"({"coupon_id": "coupon_dev_abc123",
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"SessionIdInTheUrl", R"({"line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success?session_id={CHECKOUT_SESSION_ID}",
        "return_url": "https://yoursite.com/cancel"})"},
    {"Expiry", R"({"expires_in_hours": 48,
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"CustomFields", R"({"custom_fields": {"order_id": "order_12345", "campaign": "halloween_sale"},
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"ParamsForSub", R"({"line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "params_for_sub": {"custom_fields": {"tier": "enterprise", "region": "us-east"}},
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"ProcessorRoute", R"({"processor_route_id": "proute_dev_x7k9m2n4",
        "line_items": [{"price_id": "price_xyz", "quantity": 1}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
    {"Cascade", R"({"line_items": [{"price_id": "price_premium", "quantity": 1}],
        "cascade_line_items": [
          {"line_items": [{"price_id": "price_standard", "quantity": 1}], "processor_route_id": null},
          {"line_items": [{"price_id": "price_basic", "quantity": 1}],
           "processor_route_id": "proute_dev_fallback"}],
        "success_url": "https://yoursite.com/success", "return_url": "https://yoursite.com/cancel"})"},
};

class PaymentKitExample : public testing::TestWithParam<Example> {};

TEST_P(PaymentKitExample, ArrivesAsDocumented) {
  ProviderStack paymentkit("paymentkit");
  const Json reply = paymentkit.Reply(
      kCreate, absl::StrCat(R"({"account_id": "acc_1", "body": )", GetParam().body, "}"));
  EXPECT_FALSE(reply.value("secure_token", "").empty());
  const std::vector<Arrival> arrivals = paymentkit.recorder().Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].method, "POST");
  EXPECT_EQ(arrivals[0].target, "/api/acc_1/checkout-sessions");
  EXPECT_EQ(arrivals[0].authorization, "Bearer pnapi_v1_sandbox");
  EXPECT_EQ(arrivals[0].content_type, "application/json");
  EXPECT_EQ(arrivals[0].body, Json::parse(GetParam().body));
}

INSTANTIATE_TEST_SUITE_P(All, PaymentKitExample, testing::ValuesIn(kPaymentKit),
                         [](const auto& info) { return std::string(info.param.what); });

TEST(PaymentKit, ANullRouteDiffersFromNone) {
  ProviderStack paymentkit("paymentkit");
  paymentkit.Reply(kCreate, R"({"account_id": "a", "body": {"cascade_line_items": [
      {"processor_route_id": null}, {}, {"processor_route_id": "r"}]}})");
  EXPECT_EQ(
      paymentkit.recorder().Take().at(0).text,
      R"({"cascade_line_items":[{"processor_route_id":null},{},{"processor_route_id":"r"}]})");
}

TEST(PaymentKit, ThePlaceholderForTheSessionIsNotEscaped) {
  ProviderStack paymentkit("paymentkit");
  paymentkit.Reply(kCreate, R"({"account_id": "a", "body": {
      "success_url": "https://x.test/?session_id={CHECKOUT_SESSION_ID}&a=/"}})");
  EXPECT_EQ(paymentkit.recorder().Take().at(0).text,
            R"({"success_url":"https://x.test/?session_id={CHECKOUT_SESSION_ID}&a=/"})");
}

TEST(PaymentKit, CustomFieldsAreOfAnyScalarTypeAndComeBackOnDemand) {
  ProviderStack paymentkit("paymentkit");
  const std::string body = R"("body": {"custom_fields": {"s": "x", "n": 1.5, "b": true}})";
  const Json with = paymentkit.Reply(
      kCreate, absl::StrCat(R"({"account_id": "a", )", body, R"(, "expand": ["custom_fields"]})"));
  EXPECT_EQ(with.at("custom_fields"), Json::parse(R"({"s": "x", "n": 1.5, "b": true})"));
  const Json without =
      paymentkit.Reply(kCreate, absl::StrCat(R"({"account_id": "a", )", body, "}"));
  EXPECT_FALSE(without.contains("custom_fields"));
  const std::vector<Arrival> arrivals = paymentkit.recorder().Take();
  EXPECT_EQ(arrivals.at(0).target, "/api/a/checkout-sessions?expand=custom_fields");
  EXPECT_EQ(arrivals.at(1).target, "/api/a/checkout-sessions");
}

TEST(PaymentKit, MembersThatAreNotDocumentedReachTheCaller) {
  ProviderStack paymentkit("paymentkit");
  paymentkit.recorder().Answer(
      JsonReply(200, Json::parse(R"({"id": "cs_1", "url": "https://p.test", "n": {"a": null}})")));
  const Json reply = paymentkit.Reply(kCreate, R"({"account_id": "a", "body": {}})");
  EXPECT_EQ(reply,
            Json::parse(R"({"id": "cs_1", "more": {"url": "https://p.test", "n": {"a": null}}})"));
}

// ConvergeGate. Its examples are curl commands. The body consists of their -d pairs, joined by &.

TEST(ConvergeGate, TheExampleArrivesAsDocumented) {
  ProviderStack convergegate("convergegate");
  convergegate.Reply(kCreate, R"({"body": {
      "amount": 1000, "currency": "usd", "customer_email": "john@example.com",
      "customer_firstname": "John", "customer_lastname": "Doe",
      "payment_method": ["PAYMENT_METHOD_BLIK"], "expires_at": "2038-01-19T03:14:08Z",
      "success_url": "https://url.com/", "cancel_url": "https://url.com/",
      "notification_url": "https://url.com/"}})");
  const std::vector<Arrival> arrivals = convergegate.recorder().Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].method, "POST");
  EXPECT_EQ(arrivals[0].target, "/v1/checkout/sessions");
  EXPECT_EQ(arrivals[0].authorization, kBasic);
  EXPECT_EQ(arrivals[0].content_type, "application/x-www-form-urlencoded");
  const sandbox::Pairs documented = {{"amount", "1000"},
                                     {"currency", "usd"},
                                     {"customer_email", "john@example.com"},
                                     {"customer_firstname", "John"},
                                     {"customer_lastname", "Doe"},
                                     {"payment_method", "blik"},
                                     {"expires_at", "2147483648"},
                                     {"success_url", "https://url.com/"},
                                     {"cancel_url", "https://url.com/"},
                                     {"notification_url", "https://url.com/"}};
  EXPECT_THAT(sandbox::ParsePairs(arrivals[0].text),
              testing::UnorderedElementsAreArray(documented));
}

// The documented answer, with its missing comma added.
TEST(ConvergeGate, TheExampleAnswerIsRead) {
  ProviderStack convergegate("convergegate");
  convergegate.recorder().Answer(JsonReply(200, Json::parse(R"({
      "id": "AW-kLcRRC5P8U68CYe0kVA", "amount_total": 1000, "amount_sub_total": 1000,
      "currency": "usd", "cancel_url": "https://url.com/", "customer_firstname": "John",
      "customer_lastname": "Doe", "customer_email": "john@example.com", "customer_ip": "",
      "customer_country": "", "expire_at": 2147483648, "created_at": 2147483648,
      "success_url": "https://url.com/", "payment_method": ["blik"], "locale": "",
      "url": "https://gate.test/pay/AW-kLcRRC5P8U68CYe0kVA", "fees": null, "metadata": null,
      "status": "open", "livemode": false, "notification_url": "https://url.com/"})")));
  const Json reply = convergegate.Reply("CheckoutSessionsService/RetrieveCheckoutSession",
                                        R"({"id": "AW-kLcRRC5P8U68CYe0kVA"})");
  EXPECT_EQ(reply, Json::parse(R"({
      "id": "AW-kLcRRC5P8U68CYe0kVA", "amount_total": "1000", "amount_sub_total": "1000",
      "currency": "usd", "cancel_url": "https://url.com/", "customer_firstname": "John",
      "customer_lastname": "Doe", "customer_email": "john@example.com",
      "expire_at": "2038-01-19T03:14:08Z", "created_at": "2038-01-19T03:14:08Z",
      "success_url": "https://url.com/", "payment_method": ["blik"],
      "url": "https://gate.test/pay/AW-kLcRRC5P8U68CYe0kVA", "fees": null,
      "status": "CHECKOUT_SESSION_STATUS_OPEN", "livemode": false,
      "notification_url": "https://url.com/"})"));
}

TEST(ConvergeGate, ACodeKeepsItsZerosInEitherReadingOfTheDocuments) {
  const std::string pay = "CheckoutSessionsService/PayCheckoutSession";
  const std::string request = R"({"id": "AW-sandboxOpen", "body": {"blik_code": "000123"}})";
  ProviderStack posting("convergegate");
  EXPECT_EQ(posting.Reply(pay, request).at("status"), "CHECKOUT_SESSION_STATUS_COMPLETED");
  Arrival arrival = posting.recorder().Take().at(0);
  EXPECT_EQ(arrival.method, "POST");
  EXPECT_EQ(arrival.target, "/v1/checkout/sessions/AW-sandboxOpen/pay");
  EXPECT_EQ(arrival.text, "blik_code=000123");

  StackOptions options = OptionsOf("convergegate");
  options.profile.operations["convergegate.v1.CheckoutSessionsService.PayCheckoutSession"] =
      "GET /v1/checkout/sessions/{id}/pay";
  ProviderStack getting(options);
  getting.recorder().Answer(JsonReply(200, Json::object()));
  getting.Reply(pay, request);
  arrival = getting.recorder().Take().at(0);
  EXPECT_EQ(arrival.method, "GET");
  EXPECT_EQ(arrival.target, "/v1/checkout/sessions/AW-sandboxOpen/pay?blik_code=000123");
  EXPECT_EQ(arrival.text, "");
}

TEST(ConvergeGate, ListsAndMetadataAreSpelledAsConfigured) {
  const std::string request = R"({"body": {"amount": 1, "currency": "pln", "customer_email": "e",
      "customer_firstname": "f", "customer_lastname": "l", "success_url": "s",
      "payment_method": ["PAYMENT_METHOD_BLIK", "PAYMENT_METHOD_BLIK"], "metadata": {"k": "v"}}})";
  const auto tail = [&](v1::Members members, v1::Lists lists) {
    StackOptions options = OptionsOf("convergegate");
    options.profile.members = members;
    options.profile.lists = lists;
    ProviderStack convergegate(options);
    convergegate.recorder().Answer(JsonReply(200, Json::object()));
    convergegate.Reply(kCreate, request);
    const std::string text = convergegate.recorder().Take().at(0).text;
    return text.substr(text.find("payment_method"));
  };
  EXPECT_EQ(tail({}, {}), "payment_method=blik&payment_method=blik&metadata%5Bk%5D=v");
  EXPECT_EQ(tail(v1::MEMBERS_AFTER_DOTS, v1::LISTS_IN_BRACKETS),
            "payment_method%5B%5D=blik&payment_method%5B%5D=blik&metadata.k=v");
  EXPECT_EQ(tail({}, v1::LISTS_WITH_COMMAS), "payment_method=blik%2Cblik&metadata%5Bk%5D=v");
}

// Qashier.

TEST(Qashier, TheExampleArrivesAsDocumented) {
  const int64_t soon = absl::ToUnixSeconds(absl::Now() + absl::Hours(2));
  ProviderStack qashier("qashier");
  const std::string body = R"({"cancel_url": "string", "line_items": [{"price_data": {
      "currency": "string", "product_data": {"name": "string", "description": "string"},
      "unit_amount": 0}, "quantity": 0}], "return_url": "string", "success_url": "string"})";
  Json sent = Json::parse(body);
  sent["expires_at"] =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(soon), absl::UTCTimeZone());
  qashier.Reply(kCreate, Json{{"body", sent}}.dump());
  const std::vector<Arrival> arrivals = qashier.recorder().Take();
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].method, "POST");
  EXPECT_EQ(arrivals[0].target, "/checkout/sessions");
  EXPECT_EQ(arrivals[0].authorization, kBasic);
  EXPECT_EQ(arrivals[0].content_type, "application/json");
  Json expected = Json::parse(body);
  expected["expires_at"] = soon;
  EXPECT_EQ(arrivals[0].body, expected);
}

TEST(Qashier, ListNamesItsIntervalInBrackets) {
  ProviderStack qashier("qashier");
  qashier.Reply("CheckoutSessionsService/ListCheckoutSessions",
                R"({"created": {"gte": "2025-05-01T00:00:00Z", "lt": "2025-06-01T00:00:00Z"},
                    "limit": "100", "status": "CHECKOUT_SESSION_STATUS_OPEN"})");
  EXPECT_EQ(qashier.recorder().Take().at(0).target,
            "/checkout/sessions?created%5Bgte%5D=1746057600&created%5Blt%5D=1748736000&limit=100&"
            "status=open");
}

TEST(Qashier, SpeaksBearerWhereTheConfigurationSaysSo) {
  StackOptions options = OptionsOf("qashier");
  options.profile.authorization_scheme = "Bearer";
  ProviderStack qashier(options);
  qashier.Reply("CheckoutSessionsService/RetrieveCheckoutSession", R"({"id": "cs_sandbox_open"})");
  EXPECT_EQ(qashier.recorder().Take().at(0).authorization, "Bearer pnapi_v1_sandbox");
}

TEST(Qashier, NamesAndPathsThatAreAssumedCanBeSetRight) {
  StackOptions options = OptionsOf("qashier");
  options.profile.operations["qashier.v1.CheckoutSessionsService.ExpireCheckoutSession"] =
      "PUT /checkout/sessions/{id}/expiry";
  options.profile.wire_names["qashier.v1.ListCheckoutSessionsRequest.created"] = "created_at";
  options.profile.wire_names["qashier.v1.CreatedInterval.gte"] = "from";
  ProviderStack qashier(options);
  qashier.recorder().Answer(JsonReply(200, Json::object()));
  qashier.Reply("CheckoutSessionsService/ExpireCheckoutSession", R"({"id": "cs_1"})");
  qashier.Reply("CheckoutSessionsService/ListCheckoutSessions",
                R"({"created": {"gte": "1970-01-01T00:00:01Z"}})");
  const std::vector<Arrival> arrivals = qashier.recorder().Take();
  EXPECT_EQ(arrivals.at(0).method + " " + arrivals.at(0).target,
            "PUT /checkout/sessions/cs_1/expiry");
  EXPECT_EQ(arrivals.at(1).target, "/checkout/sessions?created_at%5Bfrom%5D=1");
}

}  // namespace
}  // namespace gateway::end_to_end
