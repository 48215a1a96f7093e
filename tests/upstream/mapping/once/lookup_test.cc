// What a read shows of a write whose answer was lost: refunds of PayNow and ConvergeGate, coupons.
#include "upstream/mapping/once/lookup.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "upstream/mapping/descriptors.h"
#include "upstream/mapping/route.h"

namespace gateway::mapping {
namespace {

using google::protobuf::Message;
using testing::HasSubstr;

const absl::Time kEnd = absl::FromUnixSeconds(1'800'000'000);

const Route& RouteNamed(const std::string& name) {
  static const auto& table = *new auto(RouteTable::Compile(EmbeddedFiles()).value());
  for (const Route& route : table->routes()) {
    if (route.full_name == name) return route;
  }
  ADD_FAILURE() << "no route " << name;
  return table->routes().front();
}

std::string Bytes(const Message& prototype, const std::string& json) {
  const std::unique_ptr<Message> message(prototype.New());
  const auto status = google::protobuf::util::JsonStringToMessage(json, message.get());
  EXPECT_TRUE(status.ok()) << status.ToString();
  return message->SerializeAsString();
}

// One write: the read before it, and the verdict of a read after it.
class Case {
 public:
  Case(const std::string& rpc, const std::string& request)
      : plan_(*RouteNamed(rpc).once.lookup),
        memory_(Ask(plan_, Bytes(*plan_.write_request, request), {"store_id", "1"})) {}

  Case& Before(const std::string& reply) {
    EXPECT_TRUE(Remember(plan_, Bytes(*plan_.read_reply, reply), memory_).ok());
    return *this;
  }

  // A read that should have shown the write did not.
  Case& NotShown() {
    memory_.not_shown = true;
    return *this;
  }

  Verdict After(const std::string& reply) const {
    // Writes the memory and reads it again, as the ledger would.
    const absl::StatusOr<LookupMemory> kept = ReadMemory(plan_, WriteMemory(memory_));
    EXPECT_TRUE(kept.ok()) << kept.status();
    return Judge(plan_, *kept, kEnd, Bytes(*plan_.read_reply, reply));
  }

  const LookupPlan& plan() const { return plan_; }
  const LookupMemory& memory() const { return memory_; }

 private:
  const LookupPlan& plan_;
  LookupMemory memory_;
};

constexpr char kRefund[] = "paynow.management.v1.OrdersService.RefundOrder";
constexpr char kCoupon[] = "paynow.management.v1.CouponsService.CreateCouponForStore";
constexpr char kCancel[] = "paynow.management.v1.SubscriptionsService.CancelSubscription";
constexpr char kGiftCard[] = "paynow.management.v1.GiftcardsService.CreateGiftCard";
constexpr char kSessionRefund[] = "convergegate.v1.RefundsService.CreateRefund";

Case RefundOf(const std::string& body) {
  return Case(kRefund, absl::StrCat(R"({"store_id": "1", "order_id": "2", "body": {)", body, "}}"));
}

std::string Refund(const std::string& id, const std::string& line, absl::Time made = kEnd) {
  return absl::StrCat(R"({"id": ")", id, R"(", )",
                      line.empty() ? "" : absl::StrCat(R"("order_line_id": ")", line, R"(", )"),
                      R"("created_at": ")",
                      absl::FormatTime(absl::RFC3339_sec, made, absl::UTCTimeZone()), R"("})");
}

std::string Payments(const std::vector<std::string>& refunds) {
  return absl::StrCat(R"({"items": [{"id": "9", "refunds": [)", absl::StrJoin(refunds, ","),
                      "]}]}");
}

std::string Coupons(int count, int first, const std::string& code = "OLD") {
  std::vector<std::string> items;
  for (int i = 0; i < count; ++i) {
    items.push_back(absl::StrCat(R"({"id": ")", first - i, R"(", "code": ")", code, i, R"("})"));
  }
  return absl::StrJoin(items, ",");
}

TEST(LookupTest, AsksWhatTheProtoSays) {
  const Case refund = RefundOf("");
  EXPECT_EQ(refund.plan().read_path, "/paynow.management.v1.PaymentsService/GetPayments");
  EXPECT_TRUE(refund.plan().needs_before());
  EXPECT_EQ(
      refund.memory().read_request,
      Bytes(*refund.plan().read_request, R"({"store_id": "1", "order_id": "2", "limit": 100})"));
}

TEST(LookupTest, TheOneRefundThatIsNewIsTheWrites) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({Refund("50", "7")}));
  const Verdict verdict = refund.After(Payments({Refund("50", "7"), Refund("51", "7")}));
  EXPECT_EQ(verdict.kind, Verdict::kHappened);
  EXPECT_EQ(verdict.reply, [&] {
    const std::unique_ptr<Message> read(refund.plan().read_reply->New());
    read->ParseFromString(Bytes(*refund.plan().read_reply, Payments({Refund("51", "7")})));
    return MessagesAt(*read, refund.plan().find).front()->SerializeAsString();
  }());
}

TEST(LookupTest, WhatWasThereBeforeIsNotTheWrites) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({Refund("50", "7")}));
  EXPECT_EQ(refund.After(Payments({Refund("50", "7")})).kind, Verdict::kAbsent);
  EXPECT_EQ(refund.After(R"({"items": []})").kind, Verdict::kAbsent);
}

TEST(LookupTest, ARefundOfAnotherLineIsSomebodyElses) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({}));
  EXPECT_EQ(refund.After(Payments({Refund("60", "8")})).kind, Verdict::kAbsent);
  EXPECT_EQ(refund.After(Payments({Refund("60", "8"), Refund("61", "7")})).kind,
            Verdict::kHappened);
}

TEST(LookupTest, AnIdMayComeWithLeadingZerosAndALineMayBeMissing) {
  Case refund = RefundOf(R"("order_line_id": "007")");
  refund.Before(Payments({}));
  EXPECT_EQ(refund.After(Payments({Refund("60", "7")})).kind, Verdict::kHappened);
  EXPECT_EQ(refund.After(Payments({Refund("60", "")})).kind, Verdict::kUndecided);
  EXPECT_EQ(refund.After(Payments({Refund("60", ""), Refund("61", "7")})).kind,
            Verdict::kUndecided);
}

TEST(LookupTest, AsksForTheStoreThatARequestLeavesOut) {
  const Case refund(kRefund, R"({"order_id": "2", "body": {}})");
  EXPECT_EQ(refund.memory().read_request, RefundOf("").memory().read_request);
}

TEST(LookupTest, TwoThatFitLeaveItUndecided) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({}));
  const Verdict verdict = refund.After(Payments({Refund("60", "7"), Refund("61", "7")}));
  EXPECT_EQ(verdict.kind, Verdict::kUndecided);
  EXPECT_THAT(verdict.reason, HasSubstr("2 of what the read shows"));
}

TEST(LookupTest, WhatWasMadeAfterTheWriteHadEndedMayBeAnybodys) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({}));
  const std::string late = Refund("60", "7", kEnd + absl::Minutes(2));
  const Verdict verdict = refund.After(Payments({late}));
  EXPECT_EQ(verdict.kind, Verdict::kUndecided);
  EXPECT_THAT(verdict.reason, HasSubstr("after the write had ended"));
  // The clocks may differ by some seconds.
  EXPECT_EQ(refund.After(Payments({Refund("60", "7", kEnd + absl::Seconds(30))})).kind,
            Verdict::kHappened);
  EXPECT_EQ(refund.After(Payments({Refund("59", "7"), late})).kind, Verdict::kHappened);
}

TEST(LookupTest, WhatAppearsAfterItShouldHaveBeenShownMayBeAnybodys) {
  Case refund = RefundOf(R"("order_line_id": "7")");
  refund.Before(Payments({})).NotShown();
  const Verdict verdict = refund.After(Payments({Refund("60", "7")}));
  EXPECT_EQ(verdict.kind, Verdict::kUndecided);
  EXPECT_THAT(verdict.reason, HasSubstr("appeared after a read"));
  EXPECT_EQ(refund.After(Payments({Refund("60", "8")})).kind, Verdict::kAbsent);

  Case sum(kSessionRefund, R"({"body": {"session_id": "cs_1", "amount": 300}})");
  sum.Before(R"({"id": "cs_1", "amount_refunded": 100})").NotShown();
  EXPECT_EQ(sum.After(R"({"id": "cs_1", "amount_refunded": 400})").kind, Verdict::kUndecided);
}

// The subscription is cancelled, as the write asked. It does not matter who cancelled it.
TEST(LookupTest, AStateIsAsItShouldBeWhoeverMadeItSo) {
  Case cancel(kCancel, R"({"store_id": "1", "subscription_id": "2"})");
  EXPECT_EQ(cancel.NotShown().After(R"({"status": "SUBSCRIPTION_STATUS_CANCELED"})").kind,
            Verdict::kHappened);
}

// Releases before the member `not_shown` did not write it.
TEST(LookupTest, AnOldMemoryIsRead) {
  const LookupPlan& plan = RefundOf("").plan();
  const auto old = ReadMemory(
      plan, absl::StrCat(R"({"version": 1, "path": ")", plan.read_path,
                         R"(", "read": "", "wanted": [null], "before": [null], "known": ["50"]})"));
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_FALSE(old->not_shown);
}

TEST(LookupTest, ARefundOfTheWholeOrderHasNoLine) {
  Case refund = RefundOf("");
  refund.Before(Payments({}));
  EXPECT_EQ(refund.After(Payments({Refund("60", "")})).kind, Verdict::kHappened);
  // The request names no order line, so the refund of line 7 may be this write's or somebody
  // else's.
  EXPECT_EQ(refund.After(Payments({Refund("60", "7")})).kind, Verdict::kUndecided);
}

TEST(LookupTest, ACouponIsFoundByItsCodeInWhateverCase) {
  Case coupon(kCoupon, R"({"store_id": "1", "body": {"code": "Summer"}})");
  coupon.Before(R"({"items": []})");
  EXPECT_EQ(coupon.After(R"({"items": [{"id": "5", "code": "SUMMER"}]})").kind, Verdict::kHappened);
  EXPECT_EQ(coupon.After(R"({"items": [{"id": "5", "code": "WINTER"}]})").kind, Verdict::kAbsent);
}

TEST(LookupTest, WhatHasNoIdMayHaveBeenThereBefore) {
  Case coupon(kCoupon, R"({"store_id": "1", "body": {"code": "Summer"}})");
  coupon.Before(R"({"items": [{"code": "SUMMER"}]})");
  EXPECT_EQ(coupon.After(R"({"items": [{"code": "SUMMER"}]})").kind, Verdict::kUndecided);
}

TEST(LookupTest, AFullPageProvesNothingUnlessItReachesBack) {
  Case coupon(kCoupon, R"({"store_id": "1", "body": {"code": "Summer"}})");
  coupon.Before(absl::StrCat(R"({"items": [)", Coupons(100, 1000), "]}"));
  // The newest coupon that was known before is still on the page.
  EXPECT_EQ(coupon.After(absl::StrCat(R"({"items": [)", Coupons(100, 1099), "]}")).kind,
            Verdict::kAbsent);
  const Verdict beyond = coupon.After(absl::StrCat(R"({"items": [)", Coupons(100, 2000), "]}"));
  EXPECT_EQ(beyond.kind, Verdict::kUndecided);
  EXPECT_THAT(beyond.reason, HasSubstr("not show all"));
  EXPECT_EQ(coupon.After(absl::StrCat(R"({"items": [)", Coupons(99, 2000), "]}")).kind,
            Verdict::kAbsent);
}

TEST(LookupTest, WhatSlidesIntoThePageIsOld) {
  Case coupon(kCoupon, R"({"store_id": "1", "body": {"code": "old0"}})");
  coupon.Before(absl::StrCat(R"({"items": [)", Coupons(100, 1000, "A"), "]}"));
  // One coupon was deleted, so an older one moves onto the page. It comes last, and has the wanted
  // code.
  EXPECT_EQ(coupon
                .After(absl::StrCat(R"({"items": [)", Coupons(99, 1000, "A"), ",",
                                    Coupons(1, 1, "OLD"), "]}"))
                .kind,
            Verdict::kAbsent);
}

TEST(LookupTest, AReplyWithACredentialIsNotKept) {
  Case card(kGiftCard, R"({"store_id": "1", "body": {"code": "c0de"}})");
  card.Before(R"({"items": []})");
  const Verdict verdict = card.After(R"({"items": [{"id": "5", "code": "c0de"}]})");
  EXPECT_EQ(verdict.kind, Verdict::kHappened);
  EXPECT_EQ(verdict.reply, std::nullopt);
}

TEST(LookupTest, ACancellationIsSeenInTheState) {
  const Case cancel(kCancel, R"({"store_id": "1", "subscription_id": "2"})");
  EXPECT_FALSE(cancel.plan().needs_before());
  const Verdict verdict = cancel.After(R"({"status": "SUBSCRIPTION_STATUS_CANCELED"})");
  EXPECT_EQ(verdict.kind, Verdict::kHappened);
  EXPECT_EQ(verdict.reply, "");
  EXPECT_EQ(cancel.After(R"({"status": "SUBSCRIPTION_STATUS_ACTIVE"})").kind, Verdict::kAbsent);
}

TEST(LookupTest, ACancellationThatIsPutOffIsSeenInAnotherState) {
  const Case later(kCancel, R"({"store_id": "1", "subscription_id": "2",
                                "body": {"cancel_at_period_end": true}})");
  EXPECT_EQ(
      later.After(R"({"status": "SUBSCRIPTION_STATUS_ACTIVE", "cancel_at_period_end": true})").kind,
      Verdict::kHappened);
  EXPECT_EQ(
      later.After(R"({"status": "SUBSCRIPTION_STATUS_ACTIVE", "cancel_at_period_end": false})")
          .kind,
      Verdict::kAbsent);
  // A cancellation that takes effect at once does not set cancel_at_period_end.
  const Case now(kCancel, R"({"store_id": "1", "subscription_id": "2",
                              "body": {"cancel_at_period_end": false}})");
  EXPECT_EQ(
      now.After(R"({"status": "SUBSCRIPTION_STATUS_ACTIVE", "cancel_at_period_end": true})").kind,
      Verdict::kAbsent);
}

TEST(LookupTest, ASumTellsOnlyIfItHasGrownByTheAmount) {
  Case refund(kSessionRefund, R"({"body": {"session_id": "cs_1", "amount": 300}})");
  refund.Before(R"({"id": "cs_1", "amount_refunded": 100})");
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 400})").kind, Verdict::kHappened);
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 100})").kind, Verdict::kAbsent);
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 350})").kind, Verdict::kUndecided);
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 700})").kind, Verdict::kUndecided);
}

// A caller may ask for any amount. (Signed overflow is found by the sanitizer alone.)
TEST(LookupTest, ASumThatCannotBeHeldIsNoProof) {
  Case refund(kSessionRefund, R"({"body": {"session_id": "cs_1", "amount": 9223372036854775807}})");
  refund.Before(R"({"id": "cs_1", "amount_refunded": 100})");
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 400})").kind, Verdict::kUndecided);
}

TEST(LookupTest, ARefundWithoutAnAmountHasNoSumToGrowBy) {
  Case refund(kSessionRefund, R"({"body": {"session_id": "cs_1"}})");
  refund.Before(R"({"id": "cs_1", "amount_refunded": 100})");
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 400})").kind, Verdict::kUndecided);
  EXPECT_EQ(refund.After(R"({"id": "cs_1", "amount_refunded": 100})").kind, Verdict::kAbsent);
}

TEST(LookupTest, AMemoryThatIsNoneIsRefused) {
  const LookupPlan& plan = RefundOf("").plan();
  for (const char* const text :
       {"", "{}", "[]", "null", R"({"version": 2})",
        R"({"version": 1, "read": "!", "wanted": [null], "before": [null], "known": []})",
        R"({"version": 1, "read": "", "wanted": [], "before": [], "known": []})",
        R"({"version": 1, "read": "", "wanted": [1], "before": [null], "known": []})"}) {
    EXPECT_TRUE(absl::IsDataLoss(ReadMemory(plan, text).status())) << text;
  }
}

TEST(LookupTest, AReplyThatCannotBeParsedDecidesNothing) {
  const Case refund = RefundOf("");
  EXPECT_EQ(Judge(refund.plan(), refund.memory(), kEnd, "\xff\xff").kind, Verdict::kUndecided);
}

}  // namespace
}  // namespace gateway::mapping
