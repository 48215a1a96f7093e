// Faults with each provider: requests that must not be sent, and answers of every kind other than
// success.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/support/provider_stack.h"

namespace gateway::end_to_end {
namespace {

constexpr char kCreate[] = "CheckoutSessionsService/CreateCheckoutSession";
constexpr char kPay[] = "CheckoutSessionsService/PayCheckoutSession";
constexpr char kList[] = "CheckoutSessionsService/ListCheckoutSessions";

std::string SecondsAhead(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + absl::Seconds(seconds),
                          absl::UTCTimeZone());
}

// Makes the body of a Qashier session that expires in `seconds`.
std::string Expiring(int64_t seconds) {
  return absl::StrCat(R"({"body": {"line_items": [{}], "return_url": "r", "success_url": "s",
      "expires_at": ")",
                      SecondsAhead(seconds), R"("}})");
}

struct Case {
  const char* provider;
  const char* method;
  std::string request;
  std::vector<std::string> fields;
};

TEST(ProviderBadInput, NeverLeavesTheGateway) {
  const std::string long_text(501, 'x');
  const Case cases[] = {
      {"convergegate",
       kCreate,
       R"({"body": {}})",
       {"body.amount", "body.currency", "body.customer_email", "body.customer_firstname",
        "body.customer_lastname", "body.success_url"}},
      {"convergegate",
       kCreate,
       "{}",
       {"body", "body.amount", "body.currency", "body.customer_email", "body.customer_firstname",
        "body.customer_lastname", "body.success_url"}},
      {"convergegate",
       kPay,
       R"({"id": "x", "body": {"blik_code": "1234567"}})",
       {"body.blik_code"}},
      {"convergegate", kPay, R"({"id": "x", "body": {"blik_code": "12345"}})", {"body.blik_code"}},
      {"convergegate", kPay, R"({"id": "x", "body": {"blik_code": "12345a"}})", {"body.blik_code"}},
      {"convergegate", kPay, R"({"id": "x", "body": {"blik_code": " 12345"}})", {"body.blik_code"}},
      {"convergegate", kPay, R"({"id": "..", "body": {"blik_code": "123456"}})", {"id"}},
      {"convergegate",
       "RefundsService/CreateRefund",
       R"({"body": {"amount": "1"}})",
       {"body.session_id"}},
      {"convergegate",
       "RefundsService/CreateRefund",
       R"({"body": {"session_id": "s", "metadata": {"a": null}}})",
       {"body.metadata.a"}},
      {"paymentkit", kCreate, R"({"account_id": "", "body": {}})", {"account_id"}},
      {"paymentkit",
       kCreate,
       R"({"account_id": "a", "body": {"cascade_line_items": [{"processor_route_id": 5}]}})",
       {"body.cascade_line_items[0].processor_route_id"}},
      {"paymentkit",
       kCreate,
       R"({"account_id": "a", "body": {"custom_fields": {"f": {"deep": 1}}}})",
       {"body.custom_fields[\"f\"]"}},
      {"paymentkit",
       kCreate,
       absl::StrCat(R"({"account_id": "a", "body": {"custom_fields": {"f": ")", long_text, "\"}}}"),
       {"body.custom_fields[\"f\"]"}},
      {"paymentkit",
       "RefundsService/CreateRefund",
       R"({"account_id": "a", "body": {"invoice_id": "i", "amount_atom": "0"}})",
       {"body.amount_atom"}},
      {"paymentkit",
       "PaymentLinksService/CreatePaymentLink",
       R"({"account_id": "a", "body": {"free_trial_days": "731", "expires_in_hours": "721"}})",
       {"body.free_trial_days", "body.expires_in_hours"}},
      {"paymentkit",
       "SubscriptionsService/ChangeSubscriptionPlan",
       R"({"account_id": "a", "subscription_id": "s", "body": {}})",
       {"body.items", "body.proration_behavior"}},
      {"paymentkit",
       "SubscriptionsService/UpdateSubscription",
       R"({"account_id": "a", "subscription_id": "s", "body": {"more": {"cancel_at_period_end": 1}}})",
       {R"(body.more["cancel_at_period_end"])"}},
      {"qashier",
       kCreate,
       R"({"body": {"line_items": [{}]}})",
       {"body.return_url", "body.success_url"}},
      {"qashier", kCreate, Expiring(29 * 60 - 60), {"body.expires_at"}},
      {"qashier", kCreate, Expiring(-3600), {"body.expires_at"}},
      {"qashier", kCreate, Expiring(24 * 3600 + 120), {"body.expires_at"}},
      {"qashier", kList, R"({"limit": "0"})", {"limit"}},
      {"qashier", kList, R"({"limit": "101"})", {"limit"}},
      {"qashier", kList, R"({"created": {"gte": "2025-05-01T00:00:00.5Z"}})", {"created.gte"}},
      {"qashier", "CheckoutSessionsService/ExpireCheckoutSession", "{}", {"id"}},
  };
  std::map<std::string, std::unique_ptr<ProviderStack>> stacks;
  for (const Case& c : cases) {
    auto& stack = stacks[c.provider];
    if (stack == nullptr) {
      StackOptions options = OptionsOf(c.provider);
      options.default_store = "";
      stack = std::make_unique<ProviderStack>(options);
    }
    const Answer answer = stack->Call(c.method, c.request);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << c.request;
    const Details details = DetailsOf(answer.status);
    EXPECT_EQ(details.Fields(), c.fields) << c.provider << " " << c.request;
    EXPECT_EQ(details.Meta("outcome"), "not_sent");
    EXPECT_EQ(stack->recorder().count(), 0u) << c.request;
  }
}

TEST(ProviderBadInput, LimitsThemselvesPass) {
  ProviderStack qashier("qashier");
  for (const int64_t seconds : {30 * 60, 24 * 3600}) {
    EXPECT_TRUE(qashier.Call(kCreate, Expiring(seconds)).status.ok()) << seconds;
  }
  for (const char* const limit : {"1", "100"}) {
    EXPECT_TRUE(qashier.Call(kList, absl::StrCat(R"({"limit": ")", limit, R"("})")).status.ok());
  }
}

struct Refusal {
  const char* provider;
  int status;
  const char* body;
  const char* headers;
  grpc::StatusCode code;
  const char* upstream_code;
  const char* message;
  const char* trace_id;
  std::vector<std::string> fields;
};

const Refusal kRefusals[] = {
    {"convergegate",
     400,
     R"({"error": {"type": "invalid_request_error", "message": "bad code", "param": "blik_code"}})",
     "",
     grpc::StatusCode::INVALID_ARGUMENT,
     "invalid_request_error",
     "the upstream answered 400: bad code",
     "",
     {"blik_code"}},
    {"convergegate",
     402,
     R"({"error": {"type": "voucher_error", "decline_code": "account_restricted", "message": "no"}})",
     "",
     grpc::StatusCode::FAILED_PRECONDITION,
     "account_restricted",
     "the upstream answered 402: no",
     "",
     {}},
    {"convergegate",
     401,
     R"({"error": {"type": "authentication_error"}})",
     "",
     grpc::StatusCode::UNAUTHENTICATED,
     "authentication_error",
     R"(the upstream answered 401: {"error": {"type": "authentication_error"}})",
     "",
     {}},
    {"paymentkit",
     404,
     R"({"type": "about:blank", "title": "Not found", "request_id": "req-7"})",
     "",
     grpc::StatusCode::NOT_FOUND,
     "about:blank",
     "the upstream answered 404: Not found",
     "req-7",
     {}},
    {"paymentkit",
     403,
     R"({"type": "about:blank", "title": "Forbidden", "detail": "wrong account", "request_id": "r"})",
     "",
     grpc::StatusCode::PERMISSION_DENIED,
     "about:blank",
     "the upstream answered 403: wrong account",
     "r",
     {}},
    {"paymentkit",
     422,
     R"({"detail": [{"loc": ["body", "line_items", 0], "msg": "field required", "type": "missing"}]})",
     "",
     grpc::StatusCode::INVALID_ARGUMENT,
     "",
     "the upstream answered 422",
     "",
     {"body.line_items[0]"}},
    {"paymentkit",
     409,
     R"({"type": "about:blank", "title": "Conflict"})",
     "",
     grpc::StatusCode::ABORTED,
     "about:blank",
     "the upstream answered 409: Conflict",
     "",
     {}},
    {"qashier",
     400,
     R"({"error": {"message": "anything"}})",
     "req_9",
     grpc::StatusCode::INVALID_ARGUMENT,
     "",
     "the upstream answered 400: anything",
     "req_9",
     {}},
    {"qashier",
     429,
     "slow down",
     "req_10",
     grpc::StatusCode::RESOURCE_EXHAUSTED,
     "",
     "the upstream answered 429: slow down",
     "req_10",
     {}},
    {"qashier", 404, "", "", grpc::StatusCode::NOT_FOUND, "", "the upstream answered 404", "", {}},
};

TEST(ProviderErrors, KeepWhatTheUpstreamSaid) {
  for (const Refusal& c : kRefusals) {
    ProviderStack stack(c.provider);
    sandbox::Reply reply{c.status, c.body, "application/json", {}};
    if (*c.headers != '\0') reply.headers.emplace_back("Request-Id", c.headers);
    stack.recorder().Answer(reply);
    const Answer answer =
        std::string(c.provider) == "paymentkit"
            ? stack.Call(kCreate, R"({"account_id": "a", "body": {}})")
            : stack.Call("CheckoutSessionsService/RetrieveCheckoutSession", R"({"id": "x"})");
    EXPECT_EQ(answer.status.error_code(), c.code) << c.body;
    EXPECT_EQ(answer.status.error_message(), c.message);
    const Details details = DetailsOf(answer.status);
    EXPECT_EQ(details.Meta("upstream_code"), c.upstream_code) << c.body;
    EXPECT_EQ(details.Meta("outcome"), "refused");
    EXPECT_EQ(details.request ? details.request->request_id() : "", c.trace_id) << c.body;
    EXPECT_EQ(details.Fields(), c.fields) << c.body;
  }
}

TEST(ProviderErrors, AnHtmlPageIsNeitherAnAnswerNorAMessage) {
  for (const char* const provider : {"convergegate", "paymentkit", "qashier"}) {
    ProviderStack stack(provider);
    const std::string request =
        std::string(provider) == "paymentkit" ? R"({"account_id": "a", "body": {}})"
        : std::string(provider) == "qashier"  ? R"({"body": {"line_items": [{}], "return_url": "r",
                                          "success_url": "s"}})"
                                              : R"({"body": {"amount": 1, "currency": "c",
                                          "customer_email": "e", "customer_firstname": "f",
                                          "customer_lastname": "l", "success_url": "s"}})";
    const std::string page = "<html><head></head><body><h1>Bad gateway</h1></body></html>";
    stack.recorder().Answer({502, page, "text/html", {}});
    Answer answer = stack.Call(kCreate, request);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNKNOWN) << provider;
    EXPECT_EQ(answer.status.error_message(), "the upstream answered 502: Bad gateway");
    EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "unknown");

    stack.recorder().Answer({200, page, "text/html", {}});
    answer = stack.Call(kCreate, request);
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNKNOWN) << provider;
    EXPECT_EQ(DetailsOf(answer.status).Meta("outcome"), "unknown");
    EXPECT_EQ(stack.recorder().count(), 2u) << "a write was repeated";
  }
}

TEST(ProviderReplies, UnknownStatusTextsReachTheCaller) {
  struct Status {
    const char* provider;
    const char* field;
  };
  for (const Status& c : {Status{"qashier", "qashier.v1.CheckoutSession.status"},
                          Status{"convergegate", "convergegate.v1.CheckoutSession.status"}}) {
    ProviderStack stack(c.provider);
    stack.recorder().Answer(JsonReply(200, Json{{"id", "x"}, {"status", "half_open"}}));
    const Answer answer =
        stack.Call("CheckoutSessionsService/RetrieveCheckoutSession", R"({"id": "x"})");
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    ASSERT_EQ(answer.trailers.count("gateway-unrecognized"), 1u);
    EXPECT_EQ(answer.trailers.find("gateway-unrecognized")->second,
              absl::StrCat(c.field, "=half_open"));
  }
}

}  // namespace
}  // namespace gateway::end_to_end
