// The gateway sends what the documents demand, and does not refuse what they allow. If the
// documents leave the form of a reply open, no form of it makes a successful write "unknown": see
// docs/adr/0028.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/provider_stack.h"
#include "tests/end_to_end/support/sample.h"

namespace gateway::end_to_end {
namespace {

constexpr char kCheckout[] = "CheckoutService/CreateCheckoutSession";
constexpr char kSession[] = R"({"id": "1", "token": "t", "url": "u"})";

// Returns the body of the request that arrived, and expects that it is the only one.
Json Arrived(ProviderStack& stack, const std::string& method, const std::string& json,
             const Json& reply) {
  stack.recorder().Answer(JsonReply(200, reply));
  const Answer answer = stack.Call(method, json);
  EXPECT_TRUE(answer.status.ok()) << method << ": " << answer.status.error_message();
  const std::vector<Arrival> arrivals = stack.recorder().Take();
  EXPECT_EQ(arrivals.size(), 1u) << method;
  return arrivals.empty() ? Absent() : arrivals[0].body;
}

TEST(NullOnDemand, TheLastPayoutSplitOfACheckoutSaysNull) {
  ProviderStack paynow("paynow");
  const Json body = Arrived(paynow, kCheckout, R"({"store_id": "1", "body": {"customer_id": "2",
      "lines": [{"product_id": "3", "quantity": 1, "payout_splits": [
        {"payout_id": "a", "percentage": "6000"}, {"payout_id": "b"}]}]}})",
                            Json::parse(kSession));
  EXPECT_EQ(body.at("lines")[0].at("payout_splits"),
            Json::parse(R"([{"payout_id": "a", "percentage": 6000},
                            {"payout_id": "b", "percentage": null}])"));
}

TEST(NullOnDemand, TheLastPayoutSplitOfAProductSaysNull) {
  ProviderStack paynow("paynow");
  const Json splits = Json::parse(R"([{"user_id": "5", "percentage": 500, "platform_fee": 0},
                                      {"user_id": "6", "percentage": null, "platform_fee": 0}])");
  const std::string sent = R"("payout_splits": [
      {"user_id": "5", "percentage": "500", "platform_fee": "0"},
      {"user_id": "6", "platform_fee": "0"}])";
  EXPECT_EQ(Arrived(paynow, "ProductsService/UpdateProduct",
                    absl::StrCat(R"({"store_id": "1", "product_id": "2", "body": {)", sent, "}}"),
                    Json({{"id", "2"}})),
            Json({{"payout_splits", splits}}));
  EXPECT_EQ(Arrived(paynow, "ProductsService/UpdateProduct",
                    absl::StrCat(R"({"store_id": "1", "product_id": "2", "update_mask":
                                     "payoutSplits", "body": {)",
                                 sent, "}}"),
                    Json({{"id", "2"}})),
            Json({{"payout_splits", splits}}));
}

// The sandbox refuses a checkout that lacks a null_when_unset member; the member must be null.
TEST(NullOnDemand, IsWhatTheUpstreamAsksFor) {
  ProviderStack paynow("paynow");
  const Answer answer =
      paynow.Call(kCheckout, absl::StrCat(R"({"store_id": ")", kStore,
                                          R"(", "body": {"customer_id": ")", kCustomer, R"(",
      "lines": [{"product_id": ")",
                                          kProduct, R"(", "quantity": 1,
      "payout_splits": [{"payout_id": "a"}]}]}})"));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
}

// Sends each PATCH whose schema requires members, with each member alone and a mask that names it.
TEST(PartialUpdate, ArrivesAsItIs) {
  ProviderStack paynow("paynow");
  std::set<std::string> updates;
  size_t members = 0;
  const std::vector<Rpc> rpcs = RpcsOf(paynow.stack().sandbox().contract());
  for (const Rpc& rpc : rpcs) {
    if (rpc.operation->verb != "PATCH" || !rpc.operation->body->schema) continue;
    const auto& fields = rpc.operation->body->schema->fields;
    if (std::none_of(fields.begin(), fields.end(), [](const auto& f) { return f.required; })) {
      continue;
    }
    updates.insert(rpc.operation->id);
    const Sample whole = MakeSample(rpc, {});
    for (const auto& [name, value] : whole.body.items()) {
      for (const Way way : {Way::kRequest, Way::kMaskedRequest}) {
        Sample sample = whole;
        sample.body = {{name, value}};
        ProtoJson convert;
        const auto request = ToRequest(rpc, sample, convert);
        if (way == Way::kMaskedRequest) AddMask(rpc, sample.body, *request);
        paynow.recorder().Answer(JsonReply(rpc.operation->reply.status, sample.reply));
        const Answer answer = paynow.stack().caller().Call(rpc.path, request->SerializeAsString());
        EXPECT_TRUE(answer.status.ok()) << rpc.name() << " " << answer.status.error_message();
        const std::vector<Arrival> arrivals = paynow.recorder().Take();
        ASSERT_EQ(arrivals.size(), 1u) << rpc.name() << " " << name;
        EXPECT_EQ(Differences(rpc, sample, arrivals[0], way), std::vector<std::string>())
            << rpc.name() << " " << name;
        ++members;
      }
    }
  }
  EXPECT_EQ(updates, (std::set<std::string>{"CustomVariables_UpdateCustomVariableForStore",
                                            "GlobalCommands_UpdateGlobalCommand",
                                            "PaymentMethodTypes_ToggleStorePaymentMethodType",
                                            "Store_UpdateStoreMember", "TierGroups_UpdateTierGroup",
                                            "Webhooks_UpdateSubscription"}));
  std::cout << "partial updates: " << members << "\n";
}

// If the upstream documents partial updates, the sandbox changes only the member that is sent.
// Otherwise the gateway passes the update on, and the caller gets the upstream's refusal.
TEST(PartialUpdate, IsJudgedByTheUpstream) {
  ProviderStack paynow("paynow");
  const Json made = paynow.Reply("GlobalCommandsService/CreateGlobalCommand", R"({"body": {
      "stage": "PRODUCT_COMMAND_STAGE_ON_PURCHASE", "content": "say hi", "online_only": true,
      "execution_rule": "PRODUCT_COMMAND_EXECUTION_RULE_DTO_ONCE_PER_ORDER"}})");
  const Json changed = paynow.Reply("GlobalCommandsService/UpdateGlobalCommand",
                                    absl::StrCat(R"({"global_command_id": )", made.at("id").dump(),
                                                 R"(, "body": {"content": "say bye"}})"));
  EXPECT_EQ(changed.at("content"), "say bye");
  for (const char* const kept : {"stage", "online_only", "execution_rule"}) {
    EXPECT_EQ(changed.at(kept), made.at(kept)) << kept;
  }

  const Answer refused =
      paynow.Call("TierGroupsService/UpdateTierGroup", R"({"tier_group_id": "1", "body": {}})");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(refused.status).Meta("outcome"), "refused");
}

TEST(PartialUpdate, IsNoCreation) {
  ProviderStack paynow("paynow");
  const Answer refused = paynow.Call("GlobalCommandsService/CreateGlobalCommand",
                                     R"({"body": {"content": "say hi"}})");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(refused.status).Meta("outcome"), "not_sent");
  EXPECT_EQ(DetailsOf(refused.status).Fields(),
            (std::vector<std::string>{"body.stage", "body.online_only", "body.execution_rule"}));
}

// For each provider, every list that a schema requires is sent empty. It is refused only if the
// contract states a minimum number of elements.
TEST(RequiredLists, MayBeEmptyUnlessDocumented) {
  size_t sent = 0;
  size_t refused = 0;
  for (const char* const provider : {"convergegate", "paymentkit", "paynow", "qashier"}) {
    ProviderStack stack(provider);
    const std::vector<Rpc> rpcs = RpcsOf(stack.stack().sandbox().contract());
    for (const Rpc& rpc : rpcs) {
      if (!rpc.operation->body || rpc.operation->body->schema == nullptr) continue;
      for (const sandbox::Field& field : rpc.operation->body->schema->fields) {
        if (!field.required || field.type.kind != sandbox::Type::Kind::kArray) continue;
        if (rpc.operation->verb == "PATCH") continue;  // a PATCH need not send the list
        Sample sample = MakeSample(rpc, {});
        sample.body[field.name] = Json::array();
        ProtoJson convert;
        stack.recorder().Answer(JsonReply(rpc.operation->reply.status, sample.reply));
        const Answer answer = stack.stack().caller().Call(
            rpc.path, ToRequest(rpc, sample, convert)->SerializeAsString());
        const std::vector<Arrival> arrivals = stack.recorder().Take();
        const std::string place = absl::StrCat(rpc.name(), " ", field.name);
        EXPECT_EQ(answer.status.ok(), field.min_items == 0) << place;
        if (field.min_items > 0) {
          EXPECT_TRUE(arrivals.empty()) << place;
          ++refused;
        } else {
          ASSERT_EQ(arrivals.size(), 1u) << place;
          EXPECT_EQ(arrivals[0].body.at(field.name), Json::array()) << place;
          ++sent;
        }
      }
    }
  }
  std::cout << "required lists: " << sent << " sent empty, " << refused << " refused\n";
  EXPECT_GE(sent, 10u);
  EXPECT_EQ(refused, 1u);
}

constexpr char kConvergeCreate[] = "CheckoutSessionsService/CreateCheckoutSession";
constexpr char kConvergeBody[] = R"("amount": "1000", "currency": "usd",
    "customer_email": "john@example.com", "customer_firstname": "John",
    "customer_lastname": "Doe", "success_url": "https://url.com/")";

// ConvergeGate's API has no limits for metadata. The limits of other providers must not apply to
// it.
TEST(ConvergeGateMetadata, HasNoLimits) {
  ProviderStack convergegate("convergegate");
  Json metadata = Json::object();
  for (int i = 0; i < 60; ++i) metadata[absl::StrCat("key", i)] = "v";
  metadata[std::string(80, 'k')] = std::string(900, 'v');
  convergegate.recorder().Answer(JsonReply(200, Json{{"id", "A"}}));
  const Answer answer = convergegate.Call(
      kConvergeCreate,
      absl::StrCat(R"({"body": {)", kConvergeBody, R"(, "metadata": )", metadata.dump(), "}}"));
  EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  const std::vector<Arrival> arrivals = convergegate.recorder().Take();
  ASSERT_EQ(arrivals.size(), 1u);
  size_t pairs = 0;
  for (size_t at = arrivals[0].text.find("metadata%5B"); at != std::string::npos;
       at = arrivals[0].text.find("metadata%5B", at + 1)) {
    ++pairs;
  }
  EXPECT_EQ(pairs, 61u) << arrivals[0].text.substr(0, 300);
}

// A session that was created is reported as created, whatever form the members of the reply have.
TEST(ConvergeGateReply, IsReadWhereTheDocumentsAreVague) {
  ProviderStack convergegate("convergegate");
  const struct {
    const char* members;
    const char* read;
  } kRows[] = {
      {R"("metadata": {"order": 5})", R"({"metadata": {"order": "5"}})"},
      {R"("metadata": {"a": {"b": [1, "c"]}, "d": true, "e": null})",
       R"({"metadata": {"a": "{\"b\": [1, \"c\"]}", "d": "true"}})"},
      {R"("metadata": [])", "{}"},
      {R"("metadata": null)", "{}"},
      {R"("metadata": "none")", "{}"},
      {R"("metadata": ["x"])", "{}"},
      {R"("payment_method": "blik")", R"({"payment_method": ["blik"]})"},
      {R"("payment_method": ["blik", 7])", R"({"payment_method": ["blik", "7"]})"},
      {R"("payment_method": {"type": "blik"})", "{}"},
      {R"("payment_method_types": "blik")", R"({"payment_method": ["blik"]})"},
  };
  for (const auto& row : kRows) {
    sandbox::Reply reply = JsonReply(200, Json::object());
    reply.body = absl::StrCat(R"({"id": "A", )", row.members, R"(, "status": "open"})");
    convergegate.recorder().Answer(reply);
    Json expected = Json::parse(row.read);
    expected["id"] = "A";
    expected["status"] = "CHECKOUT_SESSION_STATUS_OPEN";
    EXPECT_EQ(
        convergegate.Reply(kConvergeCreate, absl::StrCat(R"({"body": {)", kConvergeBody, "}}")),
        expected)
        << row.members;
  }
  // The drift counters show these members to operators, because no error reports them.
  EXPECT_EQ(convergegate.stack().gateway().drift().Counts(),
            (std::map<std::string, uint64_t>{
                {"unfitting convergegate.v1.CheckoutSession.metadata", 2},
                {"unfitting convergegate.v1.CheckoutSession.payment_method", 1}}));
}

}  // namespace
}  // namespace gateway::end_to_end
