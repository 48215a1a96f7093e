// Tests, at each provider's sandbox, every write whose outcome the gateway can find out. Either the
// answer is lost after the write happened, or the request is lost before. docs/unknown-outcomes.md
// lists the ways to find out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/end_to_end/support/ledger_entry.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/requests_about.h"
#include "tests/service/temp_dir.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway::end_to_end {
namespace {

using mapping::Way;
using sandbox::Fault;
using State = ledger::v1::State;

struct Write {
  const char* method;
  const char* request;
};

// Writes whose outcome a lookup finds, or whose key the upstream itself supports. The writes that
// converge or are harmless to repeat are in sent_again_test.cc.
const std::map<std::string, std::vector<Write>>& Writes() {
  static const auto& writes = *new std::map<std::string, std::vector<Write>>{
      {"paynow",
       {{"OrdersService/RefundOrder", R"({"order_id": "411486491630370850", "body": {}})"},
        {"SubscriptionsService/CancelSubscription", R"({"subscription_id": "411486491630370860"})"},
        {"CouponsService/CreateCouponForStore",
         R"({"body": {"enabled": true, "code": "LOST", "duration": 1, "discount_type": 1,
             "discount_amount": 10, "discount_apply_individually": false,
             "discount_apply_before_sales": false, "minimum_order_value": 0,
             "redeem_limit_store_enabled": false, "redeem_limit_store_amount": 0,
             "redeem_limit_customer_enabled": false, "redeem_limit_customer_amount": 0,
             "usable_on_one_time_purchase": true, "usable_on_subscription": true}})"},
        {"GiftcardsService/CreateGiftCard",
         R"({"body": {"enabled": true, "code": "L0ST", "balance": 100,
             "usable_at": "2026-01-01T00:00:00Z"}})"},
        {"ProductsService/CreateProduct", R"({"body": {"name": "Lost blade", "price": 100}})"},
        {"TagsService/CreateTag", R"({"body": {"name": "Lost", "slug": "lost"}})"},
        {"AffiliateLinksService/CreateAffiliateLink",
         R"({"body": {"wallet_id": "411486491630370999", "enabled": true, "code": "LOST",
             "referer_type": 2, "tracking_length_days": 30, "apply_for_subscriptions": false,
             "discount_type": 1, "discount_amount": 0, "commission_type": 2,
             "commission_amount": 10, "last_commission_amount_step_repeats": false}})"},
        {"CustomVariablesService/CreateCustomVariableForStore",
         R"({"body": {"identifier": "lost", "name": "Lost", "type": 1}})"},
        {"SalesService/CreateSale",
         R"({"body": {"enabled": true, "name": "Lost", "discount_type": 1, "discount_amount": 10,
             "apply_to_product_ids": [], "apply_to_tag_ids": [], "minimum_order_value": 0,
             "begins_at": "2026-01-01T00:00:00Z", "duration": 2, "duration_in_intervals": 0}})"},
        {"GameServersService/CreateGameServer", R"({"body": {"name": "Lost", "enabled": true}})"},
        {"TierGroupsService/CreateTierGroup", R"({"body": {"name": "Lost"}})"},
        {"WebhooksService/CreateSubscription",
         R"({"body": {"url": "https://shop.example/lost", "subscribed_to": 1, "type": 1}})"}}},
      {"convergegate",
       {{"RefundsService/CreateRefund",
         R"({"body": {"session_id": "AW-sandboxPaid", "amount": 100}})"}}},
      {"qashier",
       {{"CheckoutSessionsService/CreateCheckoutSession",
         R"({"body": {"line_items": [{"price_data": {"currency": "sgd",
             "product_data": {"name": "Kopi"}, "unit_amount": 250}, "quantity": 2}],
             "return_url": "https://shop.example/back", "success_url": "https://shop.example/ok"}})"},
        {"CheckoutSessionsService/ExpireCheckoutSession", R"({"id": "cs_sandbox_open"})"}}},
      {"paymentkit",
       {{"RefundsService/CreateRefund",
         R"({"body": {"payment_intent_id": "pi_1", "amount_atom": 100, "currency": "usd"}})"}}},
  };
  return writes;
}

const mapping::Route& RouteOf(const std::string& provider, const std::string& method) {
  static const auto& table = *new auto(mapping::RouteTable::Compile(mapping::EmbeddedFiles()));
  const std::string path = absl::StrCat("/", PackageOf(provider), method);
  for (const mapping::Route& route : (*table)->routes()) {
    if (route.rpc_path == path) return route;
  }
  ADD_FAILURE() << "no route " << path;
  return (*table)->routes().front();
}

bool IsSentAgain(const std::string& provider, const Write& write) {
  return RouteOf(provider, write.method).once.way == Way::kSameKey;
}

TEST(KnownOutcomesTest, EveryWriteWithSuchAWayIsHere) {
  const auto table = mapping::RouteTable::Compile(mapping::EmbeddedFiles());
  ASSERT_TRUE(table.ok()) << table.status();
  std::vector<std::string> in_protos;
  for (const mapping::Route& route : (*table)->routes()) {
    if (route.once.way == Way::kLookup || route.once.way == Way::kSameKey) {
      in_protos.push_back(route.rpc_path);
    }
  }
  std::vector<std::string> here;
  for (const auto& [provider, writes] : Writes()) {
    for (const Write& write : writes) {
      here.push_back(absl::StrCat("/", PackageOf(provider), write.method));
    }
  }
  EXPECT_THAT(here, testing::UnorderedElementsAreArray(in_protos));
}

class KnownOutcomesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    StackOptions options = OptionsOf(GetParam());
    options.ledger_file = directory_.Path("ledger/ledger.db");
    stack_ = std::make_unique<ProviderStack>(options);
  }

  static const std::vector<Write>& All() { return Writes().at(GetParam()); }

  void Lose(Fault::Kind kind, const Write& write) {
    Fault fault;
    fault.kind = kind;
    fault.operation = std::vector<std::string>(absl::StrSplit(write.method, '/')).back();
    stack_->stack().sandbox().faults().Add(fault);
  }

  // Each write has a key of its own.
  Answer Call(const Write& write) {
    return stack_->Call(write.method, write.request, {{"idempotency-key", write.method}});
  }

  State StateInTheEnd(const Answer& answer) {
    return EntryInTheEnd(stack_->stack().caller(), answer).state();
  }

  // Expects that the reply is the upstream's own: its id is the id of a record at the sandbox. The
  // reply is empty if it may carry a credential, or if the lookup cannot show it.
  void ExpectTheUpstreamsOwn(const Write& write, const Answer& answer) {
    const mapping::Route& route = RouteOf(GetParam(), write.method);
    const Json reply = stack_->ReplyOf(write.method, answer);
    if (route.credential || (route.once.lookup && !route.once.lookup->candidate_is_reply)) {
      EXPECT_EQ(reply, Json::object());
      return;
    }
    // PaymentKit's reply does not name the refund.
    if (GetParam() == std::string("paymentkit")) {
      EXPECT_EQ(reply, Json({{"status", "pending"}}));
      return;
    }
    EXPECT_TRUE(HasRecord(stack_->stack().sandbox().handler().Export(), reply.value("id", "")))
        << reply;
  }

  const TempDir directory_;
  std::unique_ptr<ProviderStack> stack_;
};

TEST_P(KnownOutcomesTest, WhatHappenedIsDone) {
  for (const Write& write : All()) {
    SCOPED_TRACE(write.method);
    Lose(Fault::Kind::kCommitThenDrop, write);
    const Answer first = Call(write);
    if (!IsSentAgain(GetParam(), write)) {
      EXPECT_EQ(DetailsOf(first.status).Meta("outcome"), "unknown")
          << first.status.error_code() << first.status.error_message();
    }
    const Answer again = Call(write);
    EXPECT_TRUE(again.status.ok()) << again.status.error_message();
    EXPECT_EQ(again.trailers.count("gateway-replayed"), 1u);
    EXPECT_EQ(StateInTheEnd(again), ledger::v1::STATE_DONE);
    ExpectTheUpstreamsOwn(write, again);
  }
}

TEST_P(KnownOutcomesTest, WhatDidNotHappenMayBeSentAgain) {
  std::vector<Answer> first;
  for (const Write& write : All()) {
    Lose(Fault::Kind::kDropBeforeCommit, write);
    first.push_back(Call(write));
  }
  for (size_t i = 0; i < All().size(); ++i) {
    const Write& write = All()[i];
    SCOPED_TRACE(write.method);
    const bool sent_again = IsSentAgain(GetParam(), write);
    EXPECT_EQ(StateInTheEnd(first[i]),
              sent_again ? ledger::v1::STATE_DONE : ledger::v1::STATE_NOT_DONE);
    const Answer again = Call(write);
    EXPECT_TRUE(again.status.ok()) << again.status.error_message();
    EXPECT_EQ(again.trailers.count("gateway-replayed"), sent_again ? 1u : 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Providers, KnownOutcomesTest,
                         testing::Values("paynow", "paymentkit", "qashier", "convergegate"),
                         [](const auto& provider) { return std::string(provider.param); });

}  // namespace
}  // namespace gateway::end_to_end
