// What a write is about, as the ledger's guards know it.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/request/request_identity.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {
namespace {

constexpr char kRefund[] = "paymentkit.v1.RefundsService.CreateRefund";
constexpr char kSessionRefund[] = "convergegate.v1.RefundsService.CreateRefund";

std::string GuardOf(const std::string& rpc, const std::string& json) {
  static const auto& table = *new auto(RouteTable::Compile(EmbeddedFiles()).value());
  for (const Route& route : table->routes()) {
    if (route.full_name != rpc) continue;
    const std::unique_ptr<google::protobuf::Message> request(route.request_prototype->New());
    const auto status = google::protobuf::util::JsonStringToMessage(json, request.get());
    EXPECT_TRUE(status.ok()) << status.ToString();
    return IdentityOf(route, request->SerializeAsString()).guard;
  }
  ADD_FAILURE() << "no route " << rpc;
  return "";
}

std::string RefundGuard(const std::string& body) {
  return GuardOf(kRefund, absl::StrCat(R"({"account_id": "acc", "body": {)", body, "}}"));
}

TEST(GuardTest, IsTheRpcAndItsField) {
  EXPECT_EQ(GuardOf(kSessionRefund, R"({"body": {"session_id": "0042"}})"),
            absl::StrCat(kSessionRefund, " 42"));
}

TEST(GuardTest, TheFirstFieldThatIsSetHolds) {
  const std::string intent = RefundGuard(R"("payment_intent_id": "1")");
  EXPECT_EQ(intent, absl::StrCat(kRefund, " 1"));
  EXPECT_EQ(RefundGuard(R"("payment_intent_id": "1", "invoice_id": "2")"), intent);
  EXPECT_EQ(RefundGuard(R"("invoice_id": "2")"), absl::StrCat(kRefund, " body.invoice_id 2"));
  EXPECT_EQ(RefundGuard(R"("payment_intent_id": "", "invoice_id": "2")"),
            RefundGuard(R"("invoice_id": "2")"));
  EXPECT_EQ(RefundGuard(R"("amount_atom": 3)"), absl::StrCat(kRefund, " account_id acc"));
}

TEST(GuardTest, ValuesOfDifferentFieldsDoNotMeet) {
  EXPECT_NE(RefundGuard(R"("payment_intent_id": "1")"), RefundGuard(R"("invoice_id": "1")"));
}

// Required, and empty: the upstream may take it or not, but not twice at the same time.
TEST(GuardTest, AnEmptyValueHasAGuardToo) {
  EXPECT_EQ(GuardOf(kSessionRefund, R"({"body": {"session_id": ""}})"),
            absl::StrCat(kSessionRefund, " "));
}

}  // namespace
}  // namespace gateway::mapping
