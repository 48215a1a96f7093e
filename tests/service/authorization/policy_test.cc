#include "service/authorization/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gateway::authorization {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
constexpr char kShop[] = "spiffe://example/ns/shop/sa/checkout";

enum : size_t { kGet, kRefund, kPay, kParse, kGetSecret, kSetSecret };

const std::vector<Method>& Methods() {
  static const std::vector<Method> methods = {
      {"a.Orders/Get", "a", Kind::kRead},        {"a.Orders/Refund", "a", Kind::kWrite},
      {"b.Checkout/Pay", "b", Kind::kWrite},     {"w.Webhooks/Parse", "", Kind::kNeither},
      {"a.Secrets/Get", "a", Kind::kRead, true}, {"a.Secrets/Set", "a", Kind::kWrite, true}};
  return methods;
}

std::unique_ptr<const Policy> Make(const json& rules) {
  auto policy = Policy::Parse("p.json", json{{"rules", rules}}.dump(), Methods());
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *std::move(policy) : nullptr;
}

std::string Error(const json& rule) {
  const auto policy = Policy::Parse("p.json", json{{"rules", {{"r", rule}}}}.dump(), Methods());
  return policy.ok() ? "" : std::string(policy.status().message());
}

Identity Spiffe(const std::string& id) {
  Identity identity;
  identity.spiffe = id;
  return identity;
}

Identity Dns(const std::string& name) {
  Identity identity;
  identity.dns.push_back(name);
  return identity;
}

Identity Token(const std::string& subject, std::vector<std::string> groups = {}) {
  auto claims = std::make_shared<Claims>();
  claims->subject = subject;
  if (!groups.empty()) claims->texts["groups"] = std::move(groups);
  Identity identity;
  identity.claims = std::move(claims);
  return identity;
}

bool Allows(const Policy& policy, size_t method, const Identity& caller,
            const std::string& store = "") {
  return policy.Judge(method, caller).For(store) != nullptr;
}

// Whether this rule alone allows the method.
bool Allows(const json& rule, size_t method, const Identity& caller,
            const std::string& store = "") {
  return Allows(*Make({{"r", rule}}), method, caller, store);
}

TEST(PolicyTest, RefusesWhatNoRuleAllows) {
  const auto policy = Make(json::object());
  for (const size_t method : {kGet, kRefund, kPay, kParse}) {
    EXPECT_FALSE(Allows(*policy, method, Spiffe(kShop)));
    EXPECT_FALSE(Allows(*policy, method, Identity()));
  }
}

TEST(PolicyTest, KnowsMethods) {
  struct Case {
    const char* pattern;
    std::vector<size_t> allowed;
  };
  for (const Case& row :
       std::vector<Case>{{"a.Orders/Get", {kGet}},
                         {"a.Orders/*", {kGet, kRefund}},
                         {"read", {kGet}},
                         {"write", {kRefund, kPay}},
                         {"w.Webhooks/Parse", {kParse}},
                         {"a.Secrets/Get", {kGetSecret}},
                         {"a.Secrets/*", {kGetSecret, kSetSecret}},
                         {"*", {kGet, kRefund, kPay, kParse, kGetSecret, kSetSecret}}}) {
    for (const size_t method : {kGet, kRefund, kPay, kParse, kGetSecret, kSetSecret}) {
      const bool expected = std::count(row.allowed.begin(), row.allowed.end(), method) > 0;
      EXPECT_EQ(Allows({{"anyone", true}, {"methods", {row.pattern}}}, method, Identity()),
                expected)
          << row.pattern << " " << method;
    }
  }
}

// Without this check, the second member of a name would silently replace the first.
TEST(PolicyTest, TakesNothingTwice) {
  const char kRule[] = R"("r": {"anyone": true, "methods": ["read"]})";
  for (const std::string& text :
       {absl::StrCat("{\"rules\": {", kRule, ", ", kRule, "}}"),
        absl::StrCat("{\"rules\": {", kRule, "}, \"rules\": {}}"),
        std::string(R"({"rules": {"r": {"anyone": true, "methods": ["read"],
                                      "stores": ["1"], "stores": ["2"]}}})")}) {
    const auto policy = Policy::Parse("p.json", text, Methods());
    EXPECT_TRUE(absl::EndsWith(policy.status().message(), ": is there twice")) << policy.status();
  }
}

TEST(PolicyTest, KnowsUpstreams) {
  const json rule = {{"anyone", true}, {"methods", {"*"}}, {"upstreams", {"b"}}};
  EXPECT_TRUE(Allows(rule, kPay, Identity()));
  EXPECT_FALSE(Allows(rule, kRefund, Identity()));
  EXPECT_FALSE(Allows(rule, kParse, Identity()));
}

TEST(PolicyTest, KnowsSpiffeIds) {
  const json exact = {{"spiffe", {kShop}}, {"methods", {"read"}}};
  EXPECT_TRUE(Allows(exact, kGet, Spiffe(kShop)));
  for (const char* other :
       {"spiffe://example/ns/shop/sa/checkout2", "spiffe://example/ns/shop/sa",
        "spiffe://EXAMPLE/ns/shop/sa/checkout", "spiffe://evil/ns/shop/sa/checkout", ""}) {
    EXPECT_FALSE(Allows(exact, kGet, Spiffe(other))) << other;
  }
  EXPECT_FALSE(Allows(exact, kGet, Dns(kShop)));
  const json prefix = {{"spiffe", {"spiffe://example/ns/shop/*"}}, {"methods", {"read"}}};
  EXPECT_TRUE(Allows(prefix, kGet, Spiffe(kShop)));
  EXPECT_FALSE(Allows(prefix, kGet, Spiffe("spiffe://example/ns/shop")));
  EXPECT_FALSE(Allows(prefix, kGet, Spiffe("spiffe://example/ns/shopping/sa/x")));
}

TEST(PolicyTest, KnowsDnsNames) {
  const json rule = {{"dns", {"Shop.Example"}}, {"methods", {"read"}}};
  EXPECT_TRUE(Allows(rule, kGet, Dns("shop.example")));
  EXPECT_FALSE(Allows(rule, kGet, Dns("a.shop.example")));
  EXPECT_FALSE(Allows(rule, kGet, Spiffe("shop.example")));
  EXPECT_FALSE(Allows(rule, kGet, Token("shop.example")));
}

TEST(PolicyTest, KnowsTokens) {
  const json subject = {{"subjects", {"desk"}}, {"methods", {"read"}}};
  EXPECT_TRUE(Allows(subject, kGet, Token("desk")));
  EXPECT_FALSE(Allows(subject, kGet, Token("des")));
  EXPECT_FALSE(Allows(subject, kGet, Token("")));
  EXPECT_FALSE(Allows(subject, kGet, Dns("desk")));
  const json claims = {{"claims", {{"groups", "refunds"}}}, {"methods", {"read"}}};
  EXPECT_TRUE(Allows(claims, kGet, Token("x", {"other", "refunds"})));
  EXPECT_FALSE(Allows(claims, kGet, Token("x", {"other"})));
  EXPECT_FALSE(Allows(claims, kGet, Token("refunds")));
}

// The ledger keeps the keys of callers apart by this identity.
TEST(PolicyTest, TellsCallersOfOneRuleApart) {
  const auto policy = Make(
      {{"pods", {{"spiffe", {"spiffe://example/ns/shop/*"}}, {"methods", {"a.Orders/Refund"}}}},
       {"names", {{"dns", {"a.example", "b.example"}}, {"methods", {"b.Checkout/Pay"}}}},
       {"people", {{"subjects", {"ada", "bob"}}, {"methods", {"w.Webhooks/Parse"}}}}});
  const auto identity = [&](size_t method, const Identity& caller) {
    const Rule* const rule = policy->Judge(method, caller).For("");
    return rule == nullptr ? "refused" : rule->IdentityOf(caller);
  };
  EXPECT_EQ(identity(kRefund, Spiffe(kShop)), kShop);
  EXPECT_NE(identity(kRefund, Spiffe("spiffe://example/ns/shop/sa/desk")), kShop);
  EXPECT_NE(identity(kPay, Dns("a.example")), identity(kPay, Dns("b.example")));
  EXPECT_NE(identity(kParse, Token("ada")), identity(kParse, Token("bob")));
  EXPECT_NE(identity(kParse, Token("ada")), "");
}

TEST(PolicyTest, WantsAllThatARuleSaysOfTheCaller) {
  const json rule = {{"spiffe", {kShop}},
                     {"subjects", {"desk"}},
                     {"claims", {{"groups", "refunds"}}},
                     {"methods", {"write"}}};
  Identity all = Token("desk", {"refunds"});
  all.spiffe = kShop;
  EXPECT_TRUE(Allows(rule, kRefund, all));
  EXPECT_FALSE(Allows(rule, kRefund, Token("desk", {"refunds"})));
  EXPECT_FALSE(Allows(rule, kRefund, Spiffe(kShop)));
  Identity other = Token("other", {"refunds"});
  other.spiffe = kShop;
  EXPECT_FALSE(Allows(rule, kRefund, other));
  Identity without = Token("desk");
  without.spiffe = kShop;
  EXPECT_FALSE(Allows(rule, kRefund, without));
}

TEST(PolicyTest, KeepsCallersToTheirStores) {
  const auto policy =
      Make({{"one", {{"spiffe", {kShop}}, {"methods", {"*"}}, {"stores", {"1"}}}},
            {"two", {{"spiffe", {kShop}}, {"methods", {"read"}}, {"stores", {"2"}}}},
            {"all", {{"dns", {"root"}}, {"methods", {"*"}}}}});
  EXPECT_TRUE(Allows(*policy, kGet, Spiffe(kShop), "1"));
  EXPECT_TRUE(Allows(*policy, kGet, Spiffe(kShop), "2"));
  EXPECT_TRUE(Allows(*policy, kRefund, Spiffe(kShop), "1"));
  EXPECT_FALSE(Allows(*policy, kRefund, Spiffe(kShop), "2"));
  EXPECT_FALSE(Allows(*policy, kGet, Spiffe(kShop), "3"));
  EXPECT_FALSE(Allows(*policy, kGet, Spiffe(kShop), ""));
  EXPECT_FALSE(policy->Judge(kGet, Spiffe(kShop)).any_store());
  EXPECT_TRUE(policy->Judge(kGet, Dns("root")).any_store());
  EXPECT_TRUE(Allows(*policy, kGet, Dns("root"), "anything"));
}

TEST(PolicyTest, SaysWhatIsWrong) {
  EXPECT_THAT(Error({{"methods", {"read"}}}), HasSubstr("p.json: rules.r: say who"));
  EXPECT_THAT(Error({{"spiffe", json::array()}, {"methods", {"read"}}}), HasSubstr("is empty"));
  for (const char* list : {"stores", "upstreams"}) {
    EXPECT_THAT(Error({{"anyone", true}, {"methods", {"read"}}, {list, json::array()}}),
                HasSubstr(absl::StrCat("p.json: rules.r.", list, ": is empty")));
  }
  for (const char* everybody : {"spiffe://*", "spiffe:///*", "spiffe:///sa/x"}) {
    EXPECT_THAT(Error({{"spiffe", {everybody}}, {"methods", {"read"}}}),
                HasSubstr("names no trust domain"))
        << everybody;
  }
  // A token without a subject, or with an empty claim, identifies nobody.
  EXPECT_THAT(Error({{"claims", {{"groups", ""}}}, {"methods", {"read"}}}),
              HasSubstr("rules.r.claims.groups: is empty"));
  EXPECT_THAT(Error({{"subjects", {""}}, {"methods", {"read"}}}), HasSubstr("none of them empty"));
  EXPECT_THAT(Error({{"claims", {{"groups", "*"}}}, {"methods", {"read"}}}),
              HasSubstr("rules.r.claims.groups: a * is not understood here"));
  for (const char* list : {"subjects", "stores"}) {
    EXPECT_THAT(Error({{"claims", {{"a", "b"}}}, {"methods", {"read"}}, {list, {"*"}}}),
                HasSubstr(absl::StrCat("rules.r.", list, ": a * is not understood here")));
  }
  EXPECT_THAT(Error({{"anyone", true}, {"dns", {"x"}}, {"methods", {"*"}}}), HasSubstr("say who"));
  EXPECT_THAT(Error({{"anyone", true}}), HasSubstr("rules.r.methods: is required"));
  for (const char* bad :
       {"a.Orders/Gt", "a.Orders", "Orders/*", "a.*", "reads", "a.Orders/", "/*"}) {
    EXPECT_THAT(Error({{"anyone", true}, {"methods", {bad}}}),
                HasSubstr("rules.r.methods: names a method or service that there is not"))
        << bad;
  }
  EXPECT_THAT(Error({{"anyone", true}, {"methods", {"a.Orders/Gt"}}}),
              HasSubstr("names a method or service that there is not: a.Orders/Gt"));
  EXPECT_THAT(Error({{"anyone", true}, {"methods", {"pnapi_v1_0"}}}),
              Not(HasSubstr("pnapi")));  // not a method's name, perhaps a secret
  EXPECT_THAT(Error({{"anyone", true}, {"methods", {"*"}}, {"upstreams", {"c"}}}),
              HasSubstr("rules.r.upstreams: names an upstream that there is not"));
  for (const char* bad :
       {"example/x", "https://example", "spiffe://", "spiffe://*/x", "spiffe://example/a*", "*"}) {
    EXPECT_THAT(Error({{"spiffe", {bad}}, {"methods", {"*"}}}), HasSubstr("rules.r.spiffe: "))
        << bad;
  }
  EXPECT_THAT(Error({{"dns", {"*.example"}}, {"methods", {"*"}}}), HasSubstr("rules.r.dns: "));
  EXPECT_THAT(Error({{"dns", {""}}, {"methods", {"*"}}}),
              HasSubstr("rules.r.dns: expected a list"));
  EXPECT_THAT(Error({{"dns", "x"}, {"methods", {"*"}}}), HasSubstr("rules.r.dns: expected a list"));
  EXPECT_THAT(Error({{"anyone", true}, {"methods", {"*"}}, {"store", {"1"}}}),
              HasSubstr("rules.r.store: unknown key"));
  EXPECT_THAT(Error({{"subjects", {"MARKER"}}, {"methods", {"no.such/Method"}}}),
              testing::AllOf(HasSubstr("no.such/Method"), Not(HasSubstr("MARKER"))));
  EXPECT_THAT(std::string(Policy::Parse("p.json", "{\"rules\": MARKER", {}).status().message()),
              testing::AllOf(HasSubstr("p.json: not valid JSON"), Not(HasSubstr("MARKER"))));
}

// A decision is to cost less than a microsecond, with rules for a hundred callers; the bound leaves
// room for slow machines and sanitizers.
TEST(PolicyTest, DecidesFast) {
  json rules = json::object();
  for (int i = 0; i < 100; ++i) {
    rules[absl::StrCat("r", i)] = {{"spiffe", {absl::StrCat("spiffe://example/sa/", i)}},
                                   {"methods", {i % 2 == 0 ? "read" : "write"}},
                                   {"stores", {absl::StrCat(i)}}};
  }
  const auto policy = Make(rules);
  const Identity caller = Spiffe("spiffe://example/sa/98");
  constexpr int kTimes = 20'000;
  int allowed = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) allowed += Allows(*policy, kGet, caller, "98") ? 1 : 0;
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(allowed, kTimes);
  std::cout << took.count() / kTimes << " ns a decision\n";
  EXPECT_LT(took.count() / kTimes, 20'000);
}

}  // namespace
}  // namespace gateway::authorization
