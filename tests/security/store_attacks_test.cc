// Attacks on the separation of callers: methods and stores that belong to another caller.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/security/victim.h"
#include "upstream/mapping/wire.h"

namespace gateway::security {
namespace {

using enum grpc::StatusCode;

class StoreAttacks : public AttackTest {
 protected:
  static std::string InStore(const std::string& store) {
    return absl::StrCat(R"({"store_id": ")", store, R"("})");
  }

  // Returns a GetOrdersRequest that repeats its store field with these values, in this order.
  static std::string Stores(std::initializer_list<const char*> stores) {
    std::string bytes;
    for (const char* store : stores) {
      mapping::WireWriter(bytes).Tag(1, mapping::WireType::kBytes);
      mapping::WireWriter(bytes).Bytes(store);
    }
    return bytes;
  }
};

TEST_F(StoreAttacks, Attack29ReadOnlyCallerWrites) {
  ExpectRefused(Call("paynow.management.v1.ProductsService/DeleteProduct",
                     R"({"product_id": "34"})", victim().Shop())
                    .status,
                PERMISSION_DENIED, "POLICY_METHOD");
}

TEST_F(StoreAttacks, Attack30CallerAsksForAnothersStore) {
  EXPECT_TRUE(Call(kGetOrders, InStore(kStoreA), victim().Shop()).status.ok());
  AttackTest::SetUp();
  for (const std::string& store : {std::string(kStoreB), std::string("1"),
                                   absl::StrCat("0", kStoreA), absl::StrCat(kStoreA, "0")}) {
    ExpectRefused(Call(kGetOrders, InStore(store), victim().Shop()).status, PERMISSION_DENIED,
                  "POLICY_STORE");
  }
  ExpectRefused(
      Call(kDeleteCoupon, absl::StrCat(R"({"store_id": ")", kStoreB, R"(", "coupon_id": "34"})"),
           victim().Shop())
          .status,
      PERMISSION_DENIED, "POLICY_STORE");
}

// The last of several values counts, as everywhere in protobuf: for the policy, for the choice of
// the key, and for the URL.
TEST_F(StoreAttacks, Attack31StoreNamedTwiceInOneRequest) {
  const auto get = [](const std::string& bytes) {
    return StatusOf(victim().address(), kGetOrders, bytes, victim().Shop());
  };
  ExpectRefused(get(Stores({kStoreA, kStoreB})), PERMISSION_DENIED, "POLICY_STORE");
  ExpectRefused(get(Stores({kStoreA, kStoreA, kStoreB})), PERMISSION_DENIED, "POLICY_STORE");
  EXPECT_TRUE(get(Stores({kStoreB, kStoreA})).ok());
  const http::Received request = victim().upstream().received().back();
  EXPECT_TRUE(absl::StrContains(request.target, absl::StrCat("/", kStoreA, "/"))) << request.target;
  EXPECT_TRUE(absl::StrContains(request.Header("Authorization"), "/default-key"));
  Saw("the last one counts, for policy, key and URL");
}

TEST_F(StoreAttacks, Attack32StoreHiddenInAPath) {
  for (const std::string& store :
       {absl::StrCat(kStoreA, "/../", kStoreB), absl::StrCat(kStoreA, "/orders/../../", kStoreB),
        absl::StrCat(kStoreA, "%2f..%2f", kStoreB), absl::StrCat(kStoreB, "?", kStoreA),
        absl::StrCat(kStoreA, std::string(1, ' ')), std::string("..")}) {
    const grpc::Status status = Call(kGetOrders, InStore(store), victim().Shop()).status;
    EXPECT_TRUE(status.error_code() == INVALID_ARGUMENT || status.error_code() == PERMISSION_DENIED)
        << store << ": " << status.error_message();
    EXPECT_EQ(Arrived(), 0) << store;
  }
  Saw("refused, nothing sent");
}

TEST_F(StoreAttacks, Attack33RefundByOneWhoMayNot) {
  const std::string refund =
      absl::StrCat(R"({"store_id": ")", kStoreA, R"(", "order_id": "34", "body": {}})");
  ExpectRefused(Call(kRefund, refund, victim().Shop()).status, PERMISSION_DENIED, "POLICY_METHOD");
  const std::string desk = victim().key().Sign("RS256", GoodClaims("desk"));
  ExpectRefused(Call(kRefund, refund, victim().WithToken(desk)).status, PERMISSION_DENIED,
                "POLICY_STORE");
  const std::string other = victim().key().Sign("RS256", GoodClaims("intern"));
  ExpectRefused(Call(kRefund, refund, victim().WithToken(other)).status, PERMISSION_DENIED,
                "POLICY_METHOD");
}

// A caller must not choose whose account is charged, and a key sent by mistake is not forwarded.
TEST_F(StoreAttacks, Attack56CallersOwnKeyWhereNoneIsAccepted) {
  RpcOptions root = victim().Root();
  root.metadata = {{"upstream-api-key", absl::StrCat(kMarker, "/callers")}};
  ExpectRefused(Call(kGetOrders, "{}", root).status, PERMISSION_DENIED, "CALLER_KEY_NOT_ACCEPTED");
  root.metadata.emplace("upstream-api-key", "another");
  ExpectRefused(Call(kRefund, R"({"order_id": "1"})", root).status, PERMISSION_DENIED,
                "CALLER_KEY_NOT_ACCEPTED");
}

}  // namespace
}  // namespace gateway::security
