// Effects of operations on the store other than creating, changing and deleting one record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"

namespace gateway::sandbox {
namespace {

using testing::SizeIs;

class TransitionsTest : public testing::Test {
 protected:
  static std::string In(absl::string_view rest) { return absl::StrCat(kStore, rest); }

  Json Checkout(const Json& more = Json::object()) {
    Json body = {{"customer_id", "411486491630370817"},
                 {"lines", {{{"product_id", "411486491630370818"}, {"quantity", 3}}}}};
    body.update(more);
    return body;
  }

  const std::unique_ptr<Sandbox> sandbox_ = StartSandbox();
  Client client_{sandbox_->port()};
};

TEST_F(TransitionsTest, ACheckoutMakesAnOrderThatItsIdFinds) {
  const Answer checkout = client_.Post(In("/checkouts"), Checkout());
  ASSERT_EQ(checkout.status, 200) << checkout.text;
  const std::string id = checkout.body["id"];
  const Answer orders = client_.Get(In("/orders?checkout_id=" + id));
  ASSERT_THAT(orders.body, SizeIs(1)) << orders.text;
  const Json& order = orders.body[0];
  EXPECT_EQ(order["status"], "created");
  EXPECT_EQ(order["checkout_token"], checkout.body["token"]);
  EXPECT_EQ(order["total_amount"], 3000);
  EXPECT_EQ(order["total_amount_str"], "$30.00");
  EXPECT_EQ(order["customer"]["id"], "411486491630370817");
  EXPECT_EQ(order["lines"][0]["product_name"], "VIP rank");
  const std::string url = checkout.body["url"];
  EXPECT_NE(url.find(checkout.body["token"].get<std::string>()), std::string::npos);
}

TEST_F(TransitionsTest, ACheckoutOfWhatIsNotThereIsRefusedAndLeavesNothing) {
  const size_t before = client_.Get(In("/orders?limit=100")).body.size();
  const Json unknown_product = {{"lines", {{{"product_id", "5"}, {"quantity", 1}}}}};
  const Json no_lines = {{"lines", Json::array()}};
  const Json no_product = {{"lines", {{{"quantity", 1}}}}};
  const Json no_quantity = {{"lines", {{{"product_id", "411486491630370818"}, {"quantity", 0}}}}};
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout({{"customer_id", "5"}})).status, 404);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout({{"coupon_id", "5"}})).status, 404);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout({{"promo_codes", {"NOPE"}}})).status, 400);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout({{"auto_redirect", true}})).status, 400);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout(unknown_product)).status, 404);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout(no_lines)).status, 400);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout(no_product)).status, 400);
  EXPECT_EQ(client_.Post(In("/checkouts"), Checkout(no_quantity)).status, 400);
  EXPECT_EQ(client_.Get(In("/orders?limit=100")).body.size(), before);
}

TEST_F(TransitionsTest, ARefundMovesOrderAndPaymentAndIsDoneOnce) {
  const std::string order = In("/orders/411486491630370850");
  const std::string payment = In("/payments/411486491630370853");
  ASSERT_EQ(client_.Get(order).body["status"], "completed");
  const Answer refund = client_.Send("POST", order + "/refund", "");
  ASSERT_EQ(refund.status, 200) << refund.text;
  EXPECT_EQ(refund.body["amount"], client_.Get(order).body["total_amount"]);
  EXPECT_EQ(refund.body["payment_id"], "411486491630370853");
  EXPECT_EQ(client_.Get(order).body["status"], "refunded");
  const Json paid = client_.Get(payment).body;
  EXPECT_EQ(paid["status"], "refunded");
  EXPECT_FALSE(paid["refunded_at"].is_null());
  ASSERT_THAT(paid["refunds"], SizeIs(1));
  EXPECT_EQ(paid["refunds"][0], refund.body);

  const Answer again = client_.Send("POST", order + "/refund", "");
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body["code"], "order-not-refundable");
  EXPECT_EQ(again.body["status"], 409);
  EXPECT_THAT(client_.Get(payment).body["refunds"], SizeIs(1));
}

TEST_F(TransitionsTest, LinesAreRefundedOneByOne) {
  const std::string order = In("/orders/411486491630370850");
  const Answer first = client_.Post(order + "/refund", {{"order_line_id", "411486491630370851"}});
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_EQ(first.body["amount"], 2000);
  EXPECT_EQ(first.body["order_line_id"], "411486491630370851");
  EXPECT_EQ(client_.Get(order).body["status"], "completed");
  EXPECT_EQ(client_.Post(order + "/refund", {{"order_line_id", "411486491630370851"}}).status, 409);
  EXPECT_EQ(client_.Post(order + "/refund", {{"order_line_id", "5"}}).status, 404);
  const Answer rest = client_.Post(order + "/refund", Json::object());
  ASSERT_EQ(rest.status, 200) << rest.text;
  EXPECT_EQ(rest.body["amount"], 500);
  EXPECT_EQ(client_.Get(order).body["status"], "refunded");
}

TEST_F(TransitionsTest, AnOrderThatIsNotPaidCannotBeRefunded) {
  const Json orders = client_.Get(In("/orders?status=created")).body;
  ASSERT_FALSE(orders.empty());
  const std::string id = orders[0]["id"];
  EXPECT_EQ(client_.Send("POST", In("/orders/" + id + "/refund"), "").status, 409);
}

TEST_F(TransitionsTest, ASubscriptionIsCanceledOnce) {
  const std::string subscription = In("/subscriptions/411486491630370860");
  EXPECT_EQ(client_.Send("POST", subscription + "/cancel", "").status, 204);
  const Json canceled = client_.Get(subscription).body;
  EXPECT_EQ(canceled["status"], "canceled");
  EXPECT_FALSE(canceled["canceled_at"].is_null());
  EXPECT_EQ(client_.Send("POST", subscription + "/cancel", "").status, 409);
  EXPECT_EQ(client_.Get(subscription).body, canceled);
}

TEST_F(TransitionsTest, ASubscriptionChangeIsPreviewedQueuedOrApplied) {
  const std::string subscription = In("/subscriptions/411486491630370860");
  Json change = {
      {"lines", {{{"product_id", "411486491630370818"}, {"custom_variables", Json::object()}}}},
      {"proration_behavior", "next_billing_period"}};
  const Json before = client_.Get(subscription).body;
  const Answer preview = client_.Post(subscription + "/change/preview", change);
  ASSERT_EQ(preview.status, 200) << preview.text;
  EXPECT_EQ(preview.body["subscription_change"]["next_billing_amount"]["total"], 1000);
  EXPECT_FALSE(preview.body.contains("pending_payment"));
  EXPECT_EQ(client_.Get(subscription).body, before);

  const Answer queued = client_.Post(subscription + "/change", change);
  ASSERT_EQ(queued.status, 200) << queued.text;
  EXPECT_EQ(queued.body["subscription_change"]["status"], "pending_renewal");
  EXPECT_EQ(client_.Get(subscription).body["pending_change"], queued.body["subscription_change"]);
  EXPECT_EQ(client_.Post(subscription + "/change", change).status, 409);

  const Json others = client_.Get(In("/subscriptions?status=active")).body;
  ASSERT_THAT(others, SizeIs(2));
  change["proration_behavior"] = "immediate";
  const std::string other = In("/subscriptions/" + others[0]["id"].get<std::string>());
  const Answer applied = client_.Post(other + "/change", change);
  ASSERT_EQ(applied.status, 200) << applied.text;
  EXPECT_EQ(applied.body["pending_payment"]["declined"], false);
  EXPECT_EQ(client_.Get(other).body["lines"][0]["product_id"], "411486491630370818");
  EXPECT_EQ(client_.Get(other).body["price"], 1000);
}

TEST_F(TransitionsTest, ADeletedGiftCardIsCanceledAndListedOnRequest) {
  const std::string card = In("/giftcards/411486491630370841");
  const Answer deleted = client_.Delete(card);
  ASSERT_EQ(deleted.status, 200);
  EXPECT_FALSE(deleted.body["canceled_at"].is_null());
  EXPECT_EQ(client_.Delete(card).status, 409);
  EXPECT_EQ(client_.Get(card).body, deleted.body);
  EXPECT_THAT(client_.Get(In("/giftcards")).body, SizeIs(1));
  EXPECT_THAT(client_.Get(In("/giftcards?include_canceled=true")).body, SizeIs(3));
  EXPECT_THAT(client_.Get(In("/giftcards?include_canceled=true&code=GIFT-GONE")).body, SizeIs(1));
}

TEST_F(TransitionsTest, AResetGivesANewToken) {
  const std::string server = In("/gameservers/411486491630370833");
  const Json before = client_.Get(server).body;
  ASSERT_THAT(before, SizeIs(1));
  const Answer reset = client_.Send("POST", server + "/reset-token", "");
  EXPECT_NE(reset.body["token"], before[0]["token"]);
  EXPECT_EQ(client_.Get(server).body[0], reset.body);

  const std::string hook = In("/webhooks/411486491630370863");
  const Json secret = client_.Get(In("/webhooks")).body[0]["secret"];
  Json change = {
      {"url", "https://new.example.com"}, {"subscribed_to", "OnRefund"}, {"reset_secret", false}};
  EXPECT_EQ(client_.Patch(hook, change).body["secret"], secret);
  change["reset_secret"] = true;
  EXPECT_NE(client_.Patch(hook, change).body["secret"], secret);
}

TEST_F(TransitionsTest, OrdersOfSortingAreKept) {
  EXPECT_EQ(client_
                .Post(In("/products/sort-order"), {{"product_ids",
                                                    {"411486491630370838", "411486491630370836",
                                                     "411486491630370834", "411486491630370818"}}})
                .status,
            204);
  EXPECT_EQ(client_.Get(In("/products")).body[0]["id"], "411486491630370838");
  EXPECT_EQ(client_
                .Patch(In("/navlinks/sort-orders"),
                       Json::array({{{"node_id", "411486491630370832"}, {"order", 9}}}))
                .status,
            204);
  EXPECT_EQ(client_.Get(In("/navlinks")).body.back()["node_id"], "411486491630370832");
}

TEST_F(TransitionsTest, DeliveryItemsAreAssignedQueuedAndRevoked) {
  const std::string customer = In("/customers/411486491630370817");
  const Answer assigned = client_.Post(customer + "/delivery/items",
                                       {{"product_id", "411486491630370818"}, {"quantity", 3}});
  ASSERT_THAT(assigned.body, SizeIs(3)) << assigned.text;
  EXPECT_EQ(assigned.body[0]["product"]["slug"], "vip-rank");
  const std::string item =
      customer + "/delivery/items/" + assigned.body[0]["id"].get<std::string>();
  EXPECT_EQ(client_.Delete(item).status, 204);
  EXPECT_EQ(client_.Delete(item).status, 409);

  const std::string active = In("/orders/411486491630370850/delivery/items?activeOnly=true");
  ASSERT_THAT(client_.Get(active).body, SizeIs(1));
  const Json unqueue = {{"attempt_ids", {"411486491630370855", "5"}}};
  EXPECT_EQ(client_.Post(In("/delivery/commands/unqueue"), unqueue).body["unqueued_count"], 1);
  EXPECT_EQ(client_.Post(In("/delivery/commands/unqueue"), unqueue).body["unqueued_count"], 0);
  EXPECT_THAT(client_.Get(active).body, SizeIs(0));
  const Answer resent = client_.Post(In("/gameservers/411486491630370833/delivery/commands/resend"),
                                     {{"order_id", "411486491630370850"}});
  EXPECT_EQ(resent.body["enqueued_commands_count"], 1);
  EXPECT_THAT(client_.Get(active).body, SizeIs(1));
}

TEST_F(TransitionsTest, OrdersAreFiltered) {
  const auto count = [&](const std::string& query) {
    const Answer answer = client_.Get(In("/orders?limit=100&" + query));
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body.size();
  };
  EXPECT_EQ(count("status=created&status=canceled"),
            count("status=created") + count("status=canceled"));
  EXPECT_GT(count("status=created"), 0u);
  EXPECT_EQ(count("order_id=411486491630370850"), 1u);
  EXPECT_EQ(count("coupon_id=411486491630370840"), 1u);
  EXPECT_EQ(count("giftcard_id=411486491630370841"), 1u);
  EXPECT_EQ(count("product_id=411486491630370836"), 32u);
  EXPECT_EQ(count("product_id=5"), 0u);
  EXPECT_EQ(count("sale_id=411486491630370842"), 1u);
  EXPECT_EQ(count("billing_email=buyer3%40example.com"), 1u);
  EXPECT_EQ(count("customer_id=411486491630370821"), 6u);
}

TEST_F(TransitionsTest, CustomersAreLookedUpAndSearched) {
  EXPECT_EQ(client_.Get(In("/customers/lookup?steam_id=76561198000000001")).body["name"], "Ada");
  EXPECT_EQ(client_.Get(In("/customers/lookup?minecraft_java_name=Grace")).body["name"], "Grace");
  EXPECT_EQ(client_.Get(In("/customers/lookup?minecraft_bedrock_name=Grace")).status, 404);
  EXPECT_EQ(client_.Get(In("/customers/lookup?name=Nobody")).status, 404);
  EXPECT_EQ(client_.Get(In("/customers/lookup")).status, 400);
  EXPECT_THAT(client_.Get(In("/customers?search=gRa")).body, SizeIs(1));
}

TEST_F(TransitionsTest, BansAreFoundByIdentity) {
  const Answer banned =
      client_.Post(In("/bans/check"),
                   {{"identities", {{{"ban_type", "ip"}, {"ban_type_value", "203.0.113.7"}}}}});
  EXPECT_EQ(banned.body, Json({{"is_banned", true}, {"ban_id", "411486491630370847"}}));
  const Answer clean = client_.Post(
      In("/bans/check"), {{"identities", {{{"ban_type", "ip"}, {"ban_type_value", "192.0.2.1"}}}}});
  EXPECT_EQ(clean.body, Json({{"is_banned", false}}));
}

TEST_F(TransitionsTest, RegionalOverridesStayWithTheirProduct) {
  const std::string product = In("/products/411486491630370818/pricing/regions");
  EXPECT_EQ(client_.Patch(product + "/eu", {{"price", 777}}).status, 204);
  EXPECT_EQ(client_.Patch(product + "/eu", {{"enabled", false}}).status, 204);
  const Json regions = client_.Get(product).body;
  ASSERT_THAT(regions, SizeIs(3));
  EXPECT_EQ(regions[0]["id"], "eu");
  EXPECT_EQ(regions[0]["price"], 777);
  EXPECT_EQ(regions[0]["enabled"], false);
  EXPECT_EQ(client_.Get(In("/products/pricing/regions")).body[0]["enabled"], true);
  EXPECT_EQ(client_.Patch(In("/products/pricing/regions/nowhere"), Json::object()).status, 404);
}

TEST_F(TransitionsTest, DiscordLinksAndActions) {
  const std::string actions = In("/product_versions/411486491630370819/discord_actions");
  const Json action = {{"discord_server_id", "800000000000000001"},
                       {"action_type", "send_message"},
                       {"execution_stage", "on_refund"},
                       {"message", "bye"}};
  EXPECT_EQ(client_.Send("PUT", actions, Json::array({action, action}).dump()).status, 200);
  EXPECT_THAT(client_.Get(actions).body, SizeIs(2));

  const std::string link = In("/inventory/411486491630370854/discord/link");
  EXPECT_EQ(client_.Send("PUT", link + "?discordUserId=42", "").status, 200);
  EXPECT_EQ(client_.Get(link).body["discord_id"], "42");
  const Json linked = client_.Get(In("/orders/411486491630370850/discord")).body;
  EXPECT_EQ(linked["411486491630370854"]["discord_id"], "42");
  EXPECT_EQ(client_.Delete(link).status, 200);
  EXPECT_EQ(client_.Get(link).status, 404);

  const Answer made = client_.Send("POST", In("/discord/links"), "");
  EXPECT_THAT(client_.Get(In("/discord/links")).body, SizeIs(2));
  const Answer left = client_.Delete(In("/discord/links/" + made.body["token"].get<std::string>()));
  EXPECT_EQ(left.status, 200);
  EXPECT_THAT(left.body, SizeIs(1));
}

TEST_F(TransitionsTest, FilesAndImagesAreUploadedInSteps) {
  const std::string files = In("/products/411486491630370836/downloadable-files");
  EXPECT_EQ(client_.Get(files + "/411486491630370870/download-url").status, 409);
  EXPECT_EQ(client_.Send("POST", files + "/411486491630370870/finish", "").status, 204);
  EXPECT_EQ(client_.Get(files + "/411486491630370870/download-url").status, 200);
  const Answer started =
      client_.Post(files, {{"file_name", "a.zip"}, {"file_content_type", "application/zip"}});
  EXPECT_EQ(started.status, 200);
  EXPECT_EQ(started.text, "");
  EXPECT_THAT(client_.Get(files).body, SizeIs(3));

  const std::string tag = In("/tags/411486491630370831");
  const Json image = client_.Get(tag + "/image-upload-url").body["id"];
  EXPECT_EQ(client_.Post(tag + "/image-upload-finish", {{"image_id", image}}).status, 204);
  EXPECT_FALSE(client_.Get(tag).body["image_url"].is_null());
  EXPECT_EQ(client_.Delete(tag + "/image").status, 204);
  EXPECT_TRUE(client_.Get(tag).body["image_url"].is_null());
}

TEST_F(TransitionsTest, PaymentMethodsAreToggled) {
  EXPECT_EQ(client_.Patch(In("/payment-method-types/paypal/toggle"), {{"enabled", true}}).status,
            204);
  EXPECT_EQ(client_.Get(In("/payment-method-types")).body[1]["enabled"], true);
}

TEST_F(TransitionsTest, WebhookHistoryIsFilteredByState) {
  const std::string history = In("/webhooks/411486491630370863/history");
  EXPECT_THAT(client_.Get(history).body["history"], SizeIs(3));
  const Json failed = client_.Get(history + "?state=failed&page=2").body;
  EXPECT_EQ(failed["page"], 2);
  EXPECT_THAT(client_.Get(history + "?state=failed").body["history"], SizeIs(1));
  EXPECT_EQ(client_.Post(In("/webhooks/resend"), {{"webhook_id", "411486491630370864"}}).status,
            204);
  EXPECT_THAT(client_.Get(history + "?state=success").body["history"], SizeIs(0));
}

}  // namespace
}  // namespace gateway::sandbox
