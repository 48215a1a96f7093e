// Create -> list -> get -> patch -> delete, for every collection of the contract with these
// operations. The collections are found by the shape of the paths, so that none is forgotten.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/upstream/sandbox/client.h"
#include "upstream/sandbox/bundle.h"

namespace gateway::sandbox {
namespace {

const Contract& TheContract() {
  static const Contract* const kContract =
      Contract::Parse(FindBundle("paynow")->contract).value().release();
  return *kContract;
}

const Operation* At(const std::string& verb, const std::string& path) {
  for (const Operation& operation : TheContract().operations()) {
    if (operation.verb == verb && operation.path == path) return &operation;
  }
  return nullptr;
}

// Returns the path of one item of a collection: the collection's path plus one parameter.
std::string ItemPath(const std::string& collection) {
  for (const Operation& operation : TheContract().operations()) {
    if (operation.path.size() > collection.size() + 1 && operation.path.back() == '}' &&
        absl::StartsWith(operation.path, absl::StrCat(collection, "/{")) &&
        operation.path.find('/', collection.size() + 1) == std::string::npos) {
      return operation.path;
    }
  }
  return "";
}

// Returns the paths with a list, and a create that answers with a listed record.
std::vector<std::string> Collections() {
  std::vector<std::string> paths;
  for (const Operation& create : TheContract().operations()) {
    const Operation* list = At("GET", create.path);
    if (create.verb != "POST" || list == nullptr || !create.reply.type) continue;
    const bool lists = list->reply.type->kind == Type::Kind::kArray &&
                       create.reply.type->kind == Type::Kind::kRef &&
                       list->reply.type->element->ref == create.reply.type->ref;
    if (lists) paths.push_back(create.path);
  }
  return paths;
}

class EveryCollection : public testing::TestWithParam<std::string> {
 protected:
  static std::string KeyOf(const Json& item) {
    for (const char* key : {"id", "node_id", "token"}) {
      if (item.contains(key)) return item[key].get<std::string>();
    }
    return "";
  }

  bool Listed(const std::string& key) {
    const Answer list = client_.Get(
        path_ + (At("GET", GetParam())->FindQuery("limit") != nullptr ? "?limit=100" : ""));
    EXPECT_EQ(list.status, 200) << list.text;
    return std::any_of(list.body.begin(), list.body.end(),
                       [&](const Json& item) { return KeyOf(item) == key; });
  }

  const std::unique_ptr<Sandbox> sandbox_ = StartSandbox();
  Client client_{sandbox_->port()};
  const std::string path_ = SeededPath(*At("GET", GetParam()));
};

// Expects that plain members of a request that also occur in the reply have the same value there.
void ExpectTaken(const Json& sent, const Json& shown) {
  for (const auto& [name, value] : sent.items()) {
    const bool plain =
        !value.is_structured() && shown.contains(name) && !shown[name].is_structured();
    if (plain) {
      EXPECT_EQ(shown[name], value) << name;
    }
  }
}

TEST_P(EveryCollection, LivesThroughItsLife) {
  const Operation& create = *At("POST", GetParam());
  const Json sent =
      create.body ? Example(*create.body, SeededExample(Fill::kFull)) : Json::object();
  const Answer created = client_.Post(path_, sent);
  ASSERT_EQ(created.status, create.reply.status) << created.text;
  ExpectTaken(sent, created.body);
  const std::string key = KeyOf(created.body);
  ASSERT_NE(key, "");
  EXPECT_TRUE(Listed(key));

  const std::string item_path = ItemPath(GetParam());
  if (item_path.empty()) return;
  const std::string item = absl::StrCat(path_, "/", key);
  if (const Operation* get = At("GET", item_path); get != nullptr) {
    const Answer got = client_.Get(item);
    ASSERT_EQ(got.status, 200) << got.text;
    EXPECT_EQ(got.body.is_array() ? got.body[0] : got.body, created.body);
  }
  if (const Operation* patch = At("PATCH", item_path); patch != nullptr) {
    ExampleOptions options = SeededExample(Fill::kFull);
    options.seed = 99;
    const Json change = Example(*patch->body, options);
    const Answer patched = client_.Patch(item, change);
    ASSERT_EQ(patched.status, patch->reply.status) << patched.text;
    ExpectTaken(change, patched.body);
    EXPECT_EQ(KeyOf(patched.body), key);
    if (created.body.contains("updated_at")) {
      EXPECT_FALSE(patched.body["updated_at"].is_null());
    }
  }
  if (const Operation* remove = At("DELETE", item_path); remove != nullptr) {
    EXPECT_EQ(client_.Delete(item).status, remove->reply.status);
    EXPECT_FALSE(Listed(key));
    EXPECT_THAT(client_.Delete(item).status, testing::AnyOf(404, 409));
  }
}

std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  return At("POST", info.param)->id;
}

INSTANTIATE_TEST_SUITE_P(All, EveryCollection, testing::ValuesIn(Collections()), NameOf);

TEST(Collections, AreAllFound) { EXPECT_EQ(Collections().size(), 17u); }

class Settings : public testing::TestWithParam<const char*> {};

TEST_P(Settings, AChangeIsReadBack) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const std::string path = absl::StrCat(kStore, "/", GetParam());
  const Answer before = client.Get(path);
  ASSERT_EQ(before.status, 200);
  const Operation* change = At("PATCH", absl::StrCat("/v1/stores/{storeId}/", GetParam()));
  if (change == nullptr) change = At("PUT", absl::StrCat("/v1/stores/{storeId}/", GetParam()));
  ExampleOptions options = SeededExample(Fill::kFull);
  const Json sent = Example(*change->body, options);
  ASSERT_EQ(client.Send(change->verb, path, sent.dump()).status, change->reply.status);
  const Answer after = client.Get(path);
  ExpectTaken(sent, after.body);
  EXPECT_NE(after.body, before.body);
}

INSTANTIATE_TEST_SUITE_P(All, Settings,
                         testing::Values("payment-settings", "upsell-settings",
                                         "marketing/abandoned-checkouts/configuration",
                                         "marketing/purchase-follow-ups/configuration"));

TEST(Patch, LeavesOutChangesNothingAndNullClears) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  const std::string coupon = absl::StrCat(kStore, "/coupons/411486491630370840");
  ASSERT_EQ(client.Patch(coupon, {{"expires_at", "2031-01-01T00:00:00Z"}}).status, 200);
  const Json before = client.Get(coupon).body;
  Json after = client.Patch(coupon, {{"enabled", false}}).body;
  EXPECT_EQ(after["enabled"], false);
  EXPECT_EQ(after["expires_at"], "2031-01-01T00:00:00Z");
  for (const char* moved : {"enabled", "updated_at", "updated_by"}) after[moved] = before[moved];
  EXPECT_EQ(after, before);
  EXPECT_TRUE(client.Patch(coupon, {{"expires_at", nullptr}}).body["expires_at"].is_null());
  EXPECT_EQ(client.Patch(coupon, {{"enabled", nullptr}}).status, 400);
}

TEST(Patch, AmountAndTypeOfADiscountGoTogether) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  for (const char* path : {"/coupons/411486491630370840", "/sales/411486491630370842"}) {
    const std::string target = absl::StrCat(kStore, path);
    EXPECT_EQ(client.Patch(target, {{"discount_amount", 5}}).status, 400);
    EXPECT_EQ(client.Patch(target, {{"discount_type", "percent"}}).status, 400);
    EXPECT_EQ(client.Patch(target, {{"discount_type", "percent"}, {"discount_amount", 5}}).status,
              200);
  }
}

TEST(Create, ATakenCodeIsRefused) {
  const auto sandbox = StartSandbox();
  Client client(sandbox->port());
  Json coupon = Example(sandbox->contract().Ref("CreateCouponDto"), SeededExample(Fill::kFull));
  coupon["code"] = "welcome10";
  const Answer answer = client.Post(absl::StrCat(kStore, "/coupons"), coupon);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body["errors"][0]["path"], "code");
}

}  // namespace
}  // namespace gateway::sandbox
