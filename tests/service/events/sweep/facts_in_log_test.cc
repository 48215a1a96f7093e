// The facts that an event log stores, on both databases: which event told a fact first. A fact is
// kept as long as that event.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/events/log_under_test.h"

namespace gateway::events {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kDelivery = Origin::kDelivery;
constexpr auto kSweep = Origin::kSweep;

class FactsInLogTest : public testing::TestWithParam<const char*> {
 protected:
  FactsInLogTest() : database_(MakeLogUnderTest(GetParam())) {
    options_.tend_every = absl::Hours(1);
    options_.subscriptions = {{.name = "s"}};
  }

  void Open() {
    log_.reset();
    log_ = database_->Open(options_);
  }

  Appended::Kind Append(const std::string& id, Origin origin, const std::string& object) {
    SealedEvent event = TestEvent(id, id);
    event.event.head.origin = origin;
    event.fact = FactOf("paynow", "ON_REFUND", object);
    const auto appended = AppendTo(*log_, std::move(event));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.ok() ? appended->kind : Appended::kConflict;
  }

  std::unique_ptr<LogUnderTest> database_;
  Options options_;
  std::unique_ptr<EventLog> log_;  // destroyed before database_
};

TEST_P(FactsInLogTest, WhoeverComesFirstTellsAndOnlyADeliveryMayTellTwice) {
  Open();
  EXPECT_EQ(Append("a", kDelivery, "1"), Appended::kNew);
  EXPECT_EQ(Append("b", kSweep, "1"), Appended::kDuplicate);
  EXPECT_EQ(Append("c", kDelivery, "1"), Appended::kNew);
  EXPECT_EQ(Append("d", kSweep, "2"), Appended::kNew);
  Open();
  EXPECT_EQ(Append("e", kSweep, "2"), Appended::kDuplicate);
  EXPECT_EQ(Append("f", kDelivery, "2"), Appended::kDuplicate);
  EXPECT_EQ(Append("g", kDelivery, "3"), Appended::kNew);
  EXPECT_EQ(Append("h", kDelivery, ""), Appended::kNew) << "tells no fact";
  EXPECT_EQ(Append("i", kDelivery, ""), Appended::kNew);
  const auto received = PullFrom(*log_, "s");
  ASSERT_THAT(*received, SizeIs(6));
  for (const Received& one : *received) {
    const Head& head = one.event.event.head;
    EXPECT_EQ(head.origin, head.id == "d" ? kSweep : kDelivery) << head.id;
  }
}

// Appends that come at the same time share a transaction.
TEST_P(FactsInLogTest, OfManySweepsAtOnceOneTells) {
  Open();
  std::vector<std::future<Appended::Kind>> kinds;
  for (int i = 0; i < 20; ++i) {
    SealedEvent event = TestEvent(std::to_string(i), std::to_string(i));
    event.event.head.origin = kSweep;
    event.fact = FactOf("paynow", "ON_REFUND", "1");
    auto kind = std::make_shared<std::promise<Appended::Kind>>();
    kinds.push_back(kind->get_future());
    log_->Append(std::move(event), [kind](const absl::StatusOr<Appended>& appended) {
      kind->set_value(appended.ok() ? appended->kind : Appended::kConflict);
    });
  }
  int told = 0;
  for (auto& kind : kinds) {
    const Appended::Kind was = kind.get();
    EXPECT_NE(was, Appended::kConflict);
    if (was == Appended::kNew) ++told;
  }
  EXPECT_EQ(told, 1);
}

TEST_P(FactsInLogTest, AFactGoesWithItsEvent) {
  options_.keep = absl::Hours(1);
  Open();
  EXPECT_EQ(Append("a", kDelivery, "1"), Appended::kNew);
  log_.reset();
  database_->Age(options_.keep + absl::Seconds(1));
  options_.tend_every = absl::ZeroDuration();
  Open();
  EXPECT_EQ(Append("b", kDelivery, "2"), Appended::kNew);
  EXPECT_EQ(Append("c", kSweep, "1"), Appended::kNew);
  EXPECT_EQ(Append("d", kSweep, "2"), Appended::kDuplicate);
}

TEST_P(FactsInLogTest, KnowsSinceWhenItKnows) {
  // This test has just made the database.
  const absl::Time before = absl::Now() - absl::Minutes(5);
  Open();
  EXPECT_EQ(Append("a", kDelivery, "1"), Appended::kNew);  // the database is reached
  const absl::Time since = log_->facts_since();
  EXPECT_GE(since, before);
  EXPECT_LE(since, absl::Now() + absl::Seconds(1));
  Open();
  EXPECT_EQ(Append("b", kDelivery, "1"), Appended::kNew);
  EXPECT_EQ(log_->facts_since(), since);
}

INSTANTIATE_TEST_SUITE_P(Databases, FactsInLogTest, testing::Values("Sqlite", "Postgresql"),
                         [](const auto& database) { return std::string(database.param); });

TEST(FactTest, IsOfAProviderATypeAndAnObject) {
  EXPECT_EQ(FactOf("paynow", "ON_REFUND", "1"), FactOf("paynow", "ON_REFUND", "1"));
  EXPECT_NE(FactOf("paynow", "ON_REFUND", "1"), FactOf("qashier", "ON_REFUND", "1"));
  EXPECT_NE(FactOf("paynow", "ON_REFUND", "1"), FactOf("paynow", "ON_ORDER_COMPLETED", "1"));
  EXPECT_NE(FactOf("paynow", "ON_REFUND", "1"), FactOf("paynow", "ON_REFUND", "2"));
  EXPECT_THAT(FactOf("paynow", "ON_REFUND", ""), IsEmpty());
}

}  // namespace
}  // namespace gateway::events
