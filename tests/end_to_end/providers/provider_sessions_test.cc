// The life of checkout sessions through gateway and sandbox: created, listed, paid, expired,
// refunded. Also calls that are repeated on purpose.
#include <gtest/gtest.h>
#include <httplib.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/provider_stack.h"

namespace gateway::end_to_end {
namespace {

const std::string kService = "CheckoutSessionsService/";
constexpr char kKopi[] = R"({"body": {"line_items": [{"price_data": {"currency": "sgd",
    "product_data": {"name": "Kopi"}, "unit_amount": "250"}, "quantity": "2"}],
    "return_url": "https://x.test/r", "success_url": "https://x.test/s"}})";

std::string Id(const std::string& id) { return absl::StrCat(R"({"id": ")", id, R"("})"); }

TEST(QashierSessions, AreMadeReadAndExpiredOnce) {
  ProviderStack qashier("qashier");
  const Json made = qashier.Reply(kService + "CreateCheckoutSession", kKopi);
  EXPECT_EQ(made.at("status"), "CHECKOUT_SESSION_STATUS_OPEN");
  EXPECT_EQ(made.at("amount_total"), "500");
  const std::string id = made.at("id");
  EXPECT_EQ(qashier.Reply(kService + "RetrieveCheckoutSession", Id(id)), made);
  EXPECT_EQ(qashier.Reply(kService + "ExpireCheckoutSession", Id(id)).at("status"),
            "CHECKOUT_SESSION_STATUS_EXPIRED");
  const Answer again = qashier.Call(kService + "ExpireCheckoutSession", Id(id));
  EXPECT_EQ(again.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(again.status).Meta("outcome"), "refused");
}

TEST(QashierSessions, CompleteWhenTheCustomerPays) {
  ProviderStack qashier("qashier");
  const std::string id = qashier.Reply(kService + "CreateCheckoutSession", kKopi).at("id");
  httplib::Client browser("127.0.0.1", qashier.stack().sandbox().port());
  EXPECT_EQ(browser.Post("/pay/" + id, "action=pay", "application/x-www-form-urlencoded")->status,
            303);
  const Json paid = qashier.Reply(kService + "RetrieveCheckoutSession", Id(id));
  EXPECT_EQ(paid.at("status"), "CHECKOUT_SESSION_STATUS_COMPLETE");
  EXPECT_EQ(paid.at("payment_status"), "PAYMENT_STATUS_PAID");
  EXPECT_FALSE(qashier.Call(kService + "ExpireCheckoutSession", Id(id)).status.ok());
}

TEST(QashierSessions, ArePagedThroughByCursor) {
  ProviderStack qashier("qashier");
  std::set<std::string> made;
  for (int i = 0; i < 5; ++i) {
    made.insert(qashier.Reply(kService + "CreateCheckoutSession", kKopi).at("id"));
  }
  std::set<std::string> listed;
  std::string cursor;
  std::string first_of_second_page;
  for (int page = 0; page < 10; ++page) {
    const Json reply = qashier.Reply(
        kService + "ListCheckoutSessions",
        absl::StrCat(R"({"limit": "2", "status": "CHECKOUT_SESSION_STATUS_OPEN")",
                     cursor.empty() ? "" : absl::StrCat(R"(, "starting_after": ")", cursor, "\""),
                     "}"));
    for (const Json& session : reply.at("data")) {
      EXPECT_TRUE(listed.insert(session.at("id")).second) << "twice";
    }
    cursor = reply.at("data").back().at("id");
    if (page == 1) first_of_second_page = reply.at("data").front().at("id");
    if (!reply.at("has_more")) break;
  }
  EXPECT_EQ(listed.erase("cs_sandbox_open"), 1u);
  EXPECT_EQ(listed, made);
  const Json before = qashier.Reply(
      kService + "ListCheckoutSessions",
      absl::StrCat(R"({"limit": "2", "status": "CHECKOUT_SESSION_STATUS_OPEN", "ending_before": ")",
                   first_of_second_page, "\"}"));
  EXPECT_EQ(before.at("data").size(), 2u);
  EXPECT_FALSE(before.at("has_more"));
}

TEST(QashierSessions, AreListedByTheTimeTheyWereMade) {
  ProviderStack qashier("qashier");
  const Json reply = qashier.Reply(
      kService + "ListCheckoutSessions",
      R"({"created": {"gt": "2025-05-01T00:00:00Z", "lte": "2025-05-01T01:00:00Z"}})");
  ASSERT_EQ(reply.at("data").size(), 1u);
  EXPECT_EQ(reply.at("data")[0].at("id"), "cs_sandbox_expired");
}

TEST(QashierSessions, AreMadeOnceForOneIdempotencyKey) {
  ProviderStack qashier("qashier");
  const Json first =
      qashier.Reply(kService + "CreateCheckoutSession", kKopi, {{"idempotency-key", "order-1"}});
  const Json again =
      qashier.Reply(kService + "CreateCheckoutSession", kKopi, {{"idempotency-key", "order-1"}});
  const Json other =
      qashier.Reply(kService + "CreateCheckoutSession", kKopi, {{"idempotency-key", "order-2"}});
  EXPECT_EQ(first, again);
  EXPECT_NE(first.at("id"), other.at("id"));
  EXPECT_EQ(qashier.recorder().Take().at(0).idempotency_key, "order-1");
}

TEST(QashierSessions, TellTheUpstreamsOwnNameForACall) {
  ProviderStack qashier("qashier");
  const Answer good = qashier.Call(kService + "CreateCheckoutSession", kKopi);
  ASSERT_EQ(good.trailers.count("gateway-trace-id"), 1u);
  EXPECT_EQ(good.trailers.find("gateway-trace-id")->second.substr(0, 4), "req_");
  const Answer bad = qashier.Call(kService + "RetrieveCheckoutSession", Id("cs_none"));
  EXPECT_EQ(bad.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsOf(bad.status).request->request_id().substr(0, 4), "req_");
}

// If the upstream does not support idempotency keys, a key is refused: sending it would have no
// effect, and the caller must not believe otherwise.
TEST(IdempotencyKeys, AreRefusedWhereTheUpstreamHasNone) {
  ProviderStack convergegate("convergegate");
  const Answer answer =
      convergegate.Call("RefundsService/CreateRefund", R"({"body": {"session_id": "s"}})",
                        {{"idempotency-key", "key-1"}});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(answer.status).Fields(), std::vector<std::string>{"idempotency-key"});
  EXPECT_EQ(convergegate.recorder().count(), 0u);
  ProviderStack paymentkit("paymentkit");
  paymentkit.Reply("RefundsService/CreateRefund",
                   R"({"account_id": "a", "body": {"invoice_id": "i"}})",
                   {{"idempotency-key", "key-1"}});
  EXPECT_EQ(paymentkit.recorder().Take().at(0).idempotency_key, "key-1");
}

TEST(ConvergeGateSessions, ArePaidWithACodeAndRefunded) {
  ProviderStack convergegate("convergegate");
  const Json made = convergegate.Reply(kService + "CreateCheckoutSession", R"({"body": {
      "amount": "1000", "currency": "pln", "customer_email": "a@x.test", "customer_firstname": "A",
      "customer_lastname": "B", "success_url": "https://x.test", "metadata": {"cart": "c 1&2"}}})");
  EXPECT_EQ(made.at("metadata"), Json::parse(R"({"cart": "c 1&2"})"));
  const std::string id = made.at("id");
  const std::string refund = absl::StrCat(R"({"body": {"session_id": ")", id, R"(", "amount": "400",
      "reason": "REFUND_REASON_DUPLICATED", "metadata": {"ticket": "t-1"}}})");
  EXPECT_EQ(convergegate.Call("RefundsService/CreateRefund", refund).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);

  // The sandbox treats 777000 as a customer who does not confirm in time.
  EXPECT_EQ(convergegate
                .Reply(kService + "PayCheckoutSession",
                       absl::StrCat(R"({"id": ")", id, R"(", "body": {"blik_code": "777000"}})"))
                .at("status"),
            "CHECKOUT_SESSION_STATUS_OPEN");
  EXPECT_EQ(convergegate
                .Reply(kService + "PayCheckoutSession",
                       absl::StrCat(R"({"id": ")", id, R"(", "body": {"blik_code": "000001"}})"))
                .at("status"),
            "CHECKOUT_SESSION_STATUS_COMPLETED");

  const Json refunded = convergegate.Reply("RefundsService/CreateRefund", refund);
  EXPECT_EQ(refunded.at("status"), "pending");
  EXPECT_EQ(refunded.at("reason"), "duplicated");
  EXPECT_EQ(convergegate.Reply("RefundsService/RetrieveRefund", Id(refunded.at("id"))), refunded);
  EXPECT_EQ(convergegate.Reply(kService + "RetrieveCheckoutSession", Id(id)).at("amount_refunded"),
            "400");
  const Answer too_much = convergegate.Call(
      "RefundsService/CreateRefund",
      absl::StrCat(R"({"body": {"session_id": ")", id, R"(", "amount": "601"}})"));
  EXPECT_EQ(too_much.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(PaymentKitAccounts, ChooseTheKeyAlsoWhereThePathHasNoPlaceForThem) {
  StackOptions options = OptionsOf("paymentkit");
  options.store_keys["acc_2"] = "sk_of_two";
  options.default_store = "";
  ProviderStack paymentkit(options);
  paymentkit.recorder().Answer(JsonReply(200, Json::object()));
  paymentkit.Reply("CustomersService/ListCustomers", "{}");
  paymentkit.Reply("CustomersService/ListCustomers", R"({"account_id": "acc_2", "limit": "3"})");
  std::vector<Arrival> arrivals = paymentkit.recorder().Take();
  EXPECT_EQ(arrivals.at(0).target, "/api/customers");
  EXPECT_EQ(arrivals.at(0).authorization, "Bearer pnapi_v1_sandbox");
  EXPECT_EQ(arrivals.at(1).target, "/api/customers?limit=3");
  EXPECT_EQ(arrivals.at(1).authorization, "Bearer sk_of_two");
}

TEST(PaymentKitAccounts, AreLeftOutOfPathsWhereTheConfigurationSaysSo) {
  StackOptions options = OptionsOf("paymentkit");
  options.profile.path_prefixes["/api/{account_id}"] = "/api";
  options.store_keys["acc_2"] = "sk_of_two";
  ProviderStack paymentkit(options);
  paymentkit.recorder().Answer(JsonReply(200, Json::object()));
  paymentkit.Reply(kService + "CreateCheckoutSession", R"({"account_id": "acc_2", "body": {}})");
  const Arrival arrival = paymentkit.recorder().Take().at(0);
  EXPECT_EQ(arrival.target, "/api/checkout-sessions");
  EXPECT_EQ(arrival.authorization, "Bearer sk_of_two");
}

}  // namespace
}  // namespace gateway::end_to_end
