// The gateway finds out the outcome of a lost write, over gRPC: by reads of the upstream, or by a
// second send that does no harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "tests/service/call/keyed_calls.h"

namespace gateway {
namespace {

using testing::HasSubstr;

constexpr char kCheckout[] = "paynow.management.v1.CheckoutService/CreateCheckoutSession";
constexpr char kDeleteTag[] = "paynow.management.v1.TagsService/DeleteTag";
constexpr char kUpdateTag[] = "paynow.management.v1.TagsService/UpdateTag";
constexpr char kGetEntry[] = "gateway.ledger.v1.LedgerService/GetEntry";

std::string TagOf(const std::string& rest = "") {
  return absl::StrCat(R"({"store_id": ")", kStore, R"(", "tag_id": "5")", rest, "}");
}

std::string CheckoutOf() {
  return absl::StrCat(
      R"({"store_id": ")", kStore,
      R"(", "body": {"customer_id": "1", "lines": [{"product_id": "2", "quantity": 1}]}})");
}

Step NotFound() {
  return Step::Raw(
      "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
      R"({"code":"not-found"})");
}

// The refunds of one payment, as the upstream keeps them.
class Refunds {
 public:
  void Add(const std::string& id, const std::string& line = "") {
    const std::lock_guard lock(mutex_);
    refunds_.push_back(absl::StrCat(
        R"({"id": ")", id, R"(", )",
        line.empty() ? "" : absl::StrCat(R"("order_line_id": ")", line, R"(", )"),
        R"("status": "completed", "created_at": ")",
        absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone()), R"("})"));
  }
  Step Reply() const {
    const std::lock_guard lock(mutex_);
    return Step::Reply(
        absl::StrCat(R"([{"id": "9", "refunds": [)", absl::StrJoin(refunds_, ","), "]}]"));
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> refunds_;  // guarded by mutex_
};

class ReconcileTest : public KeyedCalls {
 protected:
  // Reads the entry until `wanted` is true for it, for 90 seconds at most. Returns the last state
  // read.
  json Await(const std::string& entry, const std::function<bool(const json&)>& wanted) const {
    json shown;
    const absl::Time give_up = absl::Now() + absl::Seconds(90);
    do {
      const RpcAnswer answer = CallRpc(absl::StrCat("127.0.0.1:", gateway_->port()), kGetEntry,
                                       absl::StrCat(R"({"id": ")", entry, R"("})"), {});
      EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
      if (!answer.status.ok()) return {{"state", ""}};
      shown = json::parse(answer.reply);
      std::this_thread::yield();
    } while (!wanted(shown) && absl::Now() < give_up);
    return shown;
  }

  // Returns the state of an entry as soon as it is not UNKNOWN, or UNKNOWN after 90 seconds.
  std::string StateInTheEnd(const std::string& entry) const {
    return Await(entry, [](const json& shown) { return shown.at("state") != "STATE_UNKNOWN"; })
        .at("state");
  }

  // Waits until the entry is UNKNOWN for a reason that has this text.
  void AwaitNote(const std::string& entry, const std::string& text) const {
    const json shown = Await(entry, [&](const json& now) {
      return now.at("state") != "STATE_UNKNOWN" ||
             now.value("note", "").find(text) != std::string::npos;
    });
    EXPECT_EQ(shown.at("state"), "STATE_UNKNOWN");
    EXPECT_THAT(shown.value("note", ""), HasSubstr(text));
  }

  const std::shared_ptr<Refunds> refunds_ = std::make_shared<Refunds>();
};

TEST_F(ReconcileTest, ALostRefundThatHappenedIsAnsweredWithTheUpstreamsOwn) {
  refunds_->Add("50");  // of another day
  Serve(
      [refunds = refunds_](const Received&) {
        refunds->Add("51");
        return Step::ExecuteAndClose();
      },
      [refunds = refunds_](const Received&) { return refunds->Reply(); });
  const Heard first = Call("once");
  EXPECT_EQ(first.outcome, "unknown");
  const Heard again = Call("once");
  EXPECT_EQ(again.code, grpc::OK) << again.message;
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(json::parse(again.reply).at("id"), "51");
  EXPECT_EQ(executions(), 1);
  // The guard is free again.
  EXPECT_NE(Call("another").reason, "UNRESOLVED_WRITE");
}

// A second refund of the order is made while the upstream does not show the first one yet. The
// refund that shows up then belongs to the first write, not to the second.
TEST_F(ReconcileTest, ARefundThatIsNotShownYetIsNotTakenForTheNext) {
  auto sends = std::make_shared<std::atomic<int>>(0);
  Serve(
      [=](const Received&) {
        return (*sends)++ == 0 ? Step::Reply(R"({"id": "51", "order_id": "1"})")
                               : Step::ExecuteAndClose();
      },
      [=, refunds = refunds_](const Received&) {
        if (*sends == 2) refunds->Add("51");
        return refunds->Reply();
      });
  ASSERT_EQ(Call("first").code, grpc::OK);
  EXPECT_EQ(Call("second").outcome, "unknown");
  const Heard again = Call("second");
  EXPECT_EQ(again.outcome, "unknown") << again.reply;
  EXPECT_EQ(executions(), 2);
}

TEST_F(ReconcileTest, NobodyNeedsToAsk) {
  Serve(
      [refunds = refunds_](const Received&) {
        refunds->Add("51");
        return Step::ExecuteAndClose();
      },
      [refunds = refunds_](const Received&) { return refunds->Reply(); });
  EXPECT_EQ(StateInTheEnd(Call("once").entry), "STATE_DONE");
  EXPECT_TRUE(Call("once").replayed);
  EXPECT_EQ(executions(), 1);
}

// Two refunds are lost, and do not happen. The first is sent again. The second is judged not to
// have happened, but a refund that fits appears before its caller repeats the call: the lost refund
// came late, or the new refund is somebody else's.
TEST_F(ReconcileTest, ALostRefundThatDidNotHappenMayBeSentAgainUnlessItComesLate) {
  auto lost = std::make_shared<std::atomic<int>>(2);
  auto late = std::make_shared<Refunds>();
  Serve([=](const Received&) { return (*lost)-- > 0 ? Step::ExecuteAndClose() : Refunded(); },
        [late, refunds = refunds_](const Received& request) {
          const bool is_second = request.target.find("order_id=2") != std::string::npos;
          return is_second ? late->Reply() : refunds->Reply();
        });
  const Heard first = Call("once");
  const Heard second = Call("late", RefundOf(2));
  EXPECT_EQ(first.outcome, "unknown");
  // It is too early to conclude that the first refund did not happen.
  EXPECT_EQ(Call("once").outcome, "unknown");
  EXPECT_EQ(executions(), 2);
  EXPECT_EQ(StateInTheEnd(first.entry), "STATE_NOT_DONE");
  EXPECT_EQ(StateInTheEnd(second.entry), "STATE_NOT_DONE");

  const Heard again = Call("once");
  EXPECT_EQ(again.code, grpc::OK) << again.message;
  EXPECT_FALSE(again.replayed);
  EXPECT_EQ(again.entry, first.entry);
  EXPECT_EQ(executions(), 3);

  late->Add("51");
  const Heard found = Call("late", RefundOf(2));
  EXPECT_EQ(found.outcome, "unknown") << found.message;
  EXPECT_THAT(found.message, HasSubstr("appeared after a read"));
  AwaitNote(second.entry, "appeared after a read");
  EXPECT_EQ(Call("late", RefundOf(2)).outcome, "unknown");
  EXPECT_EQ(executions(), 3);
}

// The refund is lost, and does not happen. A refund that appears after a read that should have
// shown the lost refund is not taken for it.
TEST_F(ReconcileTest, AForeignRefundThatAppearsLaterIsNotOurs) {
  Serve([](const Received&) { return Step::ExecuteAndClose(); },
        [refunds = refunds_](const Received&) { return refunds->Reply(); });
  const Heard first = Call("once");
  EXPECT_EQ(first.outcome, "unknown");
  AwaitNote(first.entry, "another read is needed");
  refunds_->Add("51");
  AwaitNote(first.entry, "appeared after a read");
  const Heard again = Call("once");
  EXPECT_EQ(again.outcome, "unknown");
  EXPECT_THAT(again.message, HasSubstr("appeared after a read"));
  EXPECT_EQ(executions(), 1);
}

// While the upstream cannot be read, nothing is sent. The gateway still remembers what its earlier
// reads have shown.
TEST_F(ReconcileTest, AFailedReadInBetweenDoesNotHideWhatCameLate) {
  auto readable = std::make_shared<std::atomic<bool>>(true);
  Serve([](const Received&) { return Step::ExecuteAndClose(); },
        [=, refunds = refunds_](const Received&) {
          return *readable ? refunds->Reply() : Unavailable();
        });
  const Heard first = Call("once");
  EXPECT_EQ(StateInTheEnd(first.entry), "STATE_NOT_DONE");
  *readable = false;
  EXPECT_EQ(Call("once", RefundOf(1), kRefund, std::chrono::seconds(3)).reason, "LOOKUP_FAILED");
  refunds_->Add("51");
  *readable = true;
  EXPECT_EQ(Call("once").outcome, "unknown");
  EXPECT_EQ(executions(), 1);
}

TEST_F(ReconcileTest, TwoRefundsThatFitAreToldApartByNobody) {
  Serve(
      [refunds = refunds_](const Received&) {
        refunds->Add("51");
        refunds->Add("52");  // somebody else's, at the same time
        return Step::ExecuteAndClose();
      },
      [refunds = refunds_](const Received&) { return refunds->Reply(); });
  const Heard first = Call("once");
  const Heard again = Call("once");
  EXPECT_EQ(again.outcome, "unknown");
  EXPECT_THAT(again.message, HasSubstr("2 of what the read shows"));
  EXPECT_EQ(again.pushback, "-1");
  EXPECT_EQ(executions(), 1);
}

TEST_F(ReconcileTest, WithoutTheReadBeforeNothingIsSent) {
  Serve([](const Received&) { return Refunded(); }, [](const Received&) { return Unavailable(); });
  const Heard heard = Call("once", RefundOf(1), kRefund, std::chrono::seconds(3));
  EXPECT_EQ(heard.outcome, "not_sent");
  EXPECT_EQ(heard.reason, "LOOKUP_FAILED") << heard.message;
  EXPECT_EQ(executions(), 0);
  // A caller without a key expects no protection.
  EXPECT_EQ(Call("", RefundOf(1), kRefund, std::chrono::seconds(6)).code, grpc::OK);
}

TEST_F(ReconcileTest, AKeyThatMayNotReadMayStillRefund) {
  Serve([](const Received&) { return Refunded(); },
        [](const Received&) {
          return Step::Raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        });
  EXPECT_EQ(Call("once").code, grpc::OK);
  EXPECT_EQ(executions(), 1);
}

TEST_F(ReconcileTest, ADeleteIsRepeatedAndFindsNothingLeft) {
  auto lost = std::make_shared<std::atomic<bool>>(true);
  Serve([=](const Received&) {
    return lost->exchange(false) ? Step::ExecuteAndClose() : NotFound();
  });
  const Heard heard = Call("once", TagOf(), kDeleteTag);
  EXPECT_EQ(heard.code, grpc::OK) << heard.message;
  EXPECT_EQ(executions(), 2);
  EXPECT_TRUE(Call("once", TagOf(), kDeleteTag).replayed);
  EXPECT_EQ(executions(), 2);
}

TEST_F(ReconcileTest, ADeleteOfWhatWasNeverThereIsRefused) {
  Serve([](const Received&) { return NotFound(); });
  EXPECT_EQ(Call("once", TagOf(), kDeleteTag).code, grpc::NOT_FOUND);
}

TEST_F(ReconcileTest, ARefusedRepetitionSaysNothingOfTheFirst) {
  auto calls = std::make_shared<std::atomic<int>>(0);
  Serve([=](const Received&) {
    const int call = (*calls)++;
    return call == 0  ? Step::ExecuteAndClose()
           : call < 3 ? Declined()
                      : Step::Reply(R"({"id": "5", "name": "n"})");
  });
  const std::string request = TagOf(R"(, "body": {"name": "n"})");
  for (int i = 0; i < 2; ++i) {
    const Heard heard = Call("once", request, kUpdateTag);
    EXPECT_EQ(heard.outcome, "unknown") << heard.message;
    EXPECT_THAT(heard.message, HasSubstr("sent again"));
  }
  const Heard last = Call("once", request, kUpdateTag);
  EXPECT_EQ(last.code, grpc::OK) << last.message;
  EXPECT_TRUE(Call("once", request, kUpdateTag).replayed);
  EXPECT_EQ(executions(), 4);
}

TEST_F(ReconcileTest, ASecondCheckoutIsMadeOnlyWhereItsStoreAllowsIt) {
  auto calls = std::make_shared<std::atomic<int>>(0);
  const auto lost_at_first = [=](const Received&) {
    return (*calls)++ == 0 ? Step::ExecuteAndClose()
                           : Step::Reply(R"({"id": "5", "url": "https://x.test", "token": "t"})");
  };
  Serve(lost_at_first);
  EXPECT_EQ(Call("once", CheckoutOf(), kCheckout).outcome, "unknown");
  EXPECT_EQ(Call("once", CheckoutOf(), kCheckout).outcome, "unknown");
  EXPECT_EQ(executions(), 1);
  *calls = 0;
  upstream_keys_ = {{"harmless_repeats", {kStore}}};
  Serve(lost_at_first);
  const Heard heard = Call("other", CheckoutOf(), kCheckout);
  EXPECT_EQ(heard.code, grpc::OK) << heard.message;
  EXPECT_EQ(executions(), 2);
}

TEST_F(ReconcileTest, AGatewayEndsThoughALookHangs) {
  auto lost = std::make_shared<std::atomic<bool>>(false);
  Serve(
      [=](const Received&) {
        *lost = true;
        return Step::ExecuteAndClose();
      },
      [=](const Received& request) { return *lost ? Step::Stall() : Nothing(request); });
  EXPECT_EQ(Call("once").outcome, "unknown");
  const absl::Time begun = absl::Now();
  gateway_ = nullptr;
  EXPECT_LT(absl::Now() - begun, absl::Seconds(5));
}

TEST_F(ReconcileTest, ACallerWhoWaitsForALookDoesNotHoldTheDrain) {
  auto lost = std::make_shared<std::atomic<int>>(0);
  Serve(
      [=](const Received&) {
        *lost = 1;
        return Step::ExecuteAndClose();
      },
      [=](const Received& request) {
        if (*lost == 0) return Nothing(request);
        ++*lost;
        return Step::Stall();
      });
  EXPECT_EQ(Call("once").outcome, "unknown");
  std::thread caller([this] { EXPECT_NE(Call("once").code, grpc::OK); });
  while (*lost < 2) std::this_thread::yield();
  const absl::Time begun = absl::Now();
  gateway_->Drain();
  EXPECT_LT(absl::Now() - begun, absl::Seconds(3));
  caller.join();
}

}  // namespace
}  // namespace gateway
