// Sweeps of fake lists of orders and payments, into an event log in a file.
#include "service/events/sweep/sweeper.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "service/events/sqlite/log.h"
#include "tests/service/events/log_calls.h"
#include "tests/service/temp_dir.h"
#include "tests/upstream/webhooks/message.h"

namespace gateway::events {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr char kStore[] = "411486491630370816";
constexpr absl::Duration kPatience = absl::Seconds(60);

const mapping::RouteTable& Routes() {
  static const auto& routes =
      *mapping::RouteTable::Compile(mapping::EmbeddedFiles()).value().release();
  return routes;
}

const std::vector<webhooks::Fact>& PayNow() {
  static const auto& facts =
      *new webhooks::Facts(webhooks::Facts::Compile(webhooks::EmbeddedSchemes(), Routes()).value());
  return facts.Of("paynow");
}

std::unique_ptr<Message> NewMessage(const std::string& type) {
  static auto& factory = *new google::protobuf::DynamicMessageFactory;
  const auto* const found = DescriptorPool::generated_pool()->FindMessageTypeByName(
      absl::StrCat("paynow.management.v1.", type));
  return std::unique_ptr<Message>(factory.GetPrototype(found)->New());
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

// Shows orders and payments as PayNow would, two a page, the oldest first.
class FakePages final : public PageReader {
 public:
  absl::StatusOr<std::string> Read(const mapping::PagedList& list,
                                   const std::string& request) override {
    const std::lock_guard lock(mutex_);
    const bool orders = list.full_name == "paynow.management.v1.OrdersService.StreamOrders";
    const auto asked = NewMessage(orders ? "GetOrdersRequest" : "GetPaymentsRequest");
    EXPECT_TRUE(asked->ParseFromString(request));
    const auto text = [&](const char* field) {
      return asked->GetReflection()->GetString(*asked,
                                               asked->GetDescriptor()->FindFieldByName(field));
    };
    EXPECT_EQ(text("store_id"), kStore);
    afters_.push_back(text("after"));
    if (failing_) return absl::UnavailableError("UPSTREAM_UNAVAILABLE");
    json items = json::array();
    for (const json& item : orders ? orders_ : payments_) {
      const bool behind =
          text("after").empty() || std::stoll(item.value("id", "")) > std::stoll(text("after"));
      if (behind && items.size() < 2) items.push_back(item);
    }
    const auto reply = NewMessage(orders ? "GetOrdersResponse" : "GetPaymentsResponse");
    EXPECT_TRUE(
        google::protobuf::util::JsonStringToMessage(json{{"items", items}}.dump(), reply.get())
            .ok());
    return reply->SerializeAsString();
  }
  void Cancel() override {}

  void AddOrder(int64_t id, absl::Time made, std::optional<absl::Time> completed) {
    json order = {{"id", absl::StrCat(id)}, {"created_at", TimeText(made)}};
    if (completed) order["completed_at"] = TimeText(*completed);
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  void AddRefund(int64_t payment, const std::string& refund, absl::Time completed) {
    const std::lock_guard lock(mutex_);
    payments_.push_back({{"id", absl::StrCat(payment)},
                         {"order_id", "99"},
                         {"created_at", TimeText(completed)},
                         {"refunds", {{{"id", refund}, {"completed_at", TimeText(completed)}}}}});
  }
  void Fail(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }
  std::vector<std::string> TakeAfters() {
    const std::lock_guard lock(mutex_);
    return std::exchange(afters_, {});
  }

 private:
  std::mutex mutex_;
  // Guarded by mutex_.
  std::vector<json> orders_;
  std::vector<json> payments_;
  std::vector<std::string> afters_;
  bool failing_ = false;
};

class SweeperTest : public testing::Test {
 protected:
  SweeperTest() {
    SqliteOptions options;
    options.file = directory_.Path("events/events.db");
    options.common.subscriptions = {{.name = "s"}};
    log_ = *SqliteEventLog::Open(std::move(options));
    options_.provider = "paynow";
    options_.stores = {kStore};
    options_.every = absl::Milliseconds(1);
    options_.settle = absl::Minutes(10);
    options_.look_back = absl::Hours(24);
    options_.between_pages = absl::ZeroDuration();
    options_.now = [this] { return now_; };
  }

  // Returns the time `ago` before now_. The log began one hour before now_.
  absl::Time Ago(absl::Duration ago) const { return now_ - ago; }

  // Runs a new sweeper until `sweeps` of its sweeps have ended, with or without success.
  void Sweep(uint64_t sweeps = 4) {
    const Sweeper sweeper(options_, PayNow(), *log_, TestCipher(),
                          std::make_unique<Shared>(pages_));
    const SteadyTime end = SteadyTime::Now() + kPatience;
    while (sweeper.sweeps() + sweeper.failed() < sweeps && SteadyTime::Now() < end) {
      std::this_thread::yield();
    }
    EXPECT_GE(sweeper.sweeps() + sweeper.failed(), sweeps);
    found_ = sweeper.found();
    failed_ = sweeper.failed();
  }

  SealedEvent Delivery(const std::string& event_id, const std::string& type,
                       const std::string& id) {
    SealedEvent event = TestEvent(event_id, "{}", type);
    event.fact = FactOf("paynow", type, id);
    return event;
  }

  // The reader that the sweeper owns. All calls go to pages_, which the test can change.
  class Shared final : public PageReader {
   public:
    explicit Shared(FakePages& pages) : pages_(pages) {}
    absl::StatusOr<std::string> Read(const mapping::PagedList& list,
                                     const std::string& request) override {
      return pages_.Read(list, request);
    }
    void Cancel() override {}

   private:
    FakePages& pages_;
  };

  const TempDir directory_;
  std::unique_ptr<SqliteEventLog> log_;
  FakePages pages_;
  SweepOptions options_;
  // In whole seconds, as databases store times. An hour ahead, so the log seems to be an hour old.
  absl::Time now_ = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now())) + absl::Hours(1);
  uint64_t found_ = 0;
  uint64_t failed_ = 0;
};

TEST_F(SweeperTest, FindsEachOnceWhatNoEventTold) {
  for (int i = 1; i <= 7; ++i) pages_.AddOrder(i, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  pages_.AddRefund(1, "501", Ago(absl::Minutes(20)));
  pages_.AddRefund(2, "502", Ago(absl::Minutes(20)));
  for (const char* told : {"2", "5"}) {
    ASSERT_EQ(AppendTo(*log_, Delivery(absl::StrCat("e", told), "ON_ORDER_COMPLETED", told))->kind,
              Appended::kNew);
  }
  ASSERT_EQ(AppendTo(*log_, Delivery("e501", "ON_REFUND", "501"))->kind, Appended::kNew);
  Sweep();
  EXPECT_EQ(found_, 6u);
  const auto received = PullFrom(*log_, "s");
  ASSERT_THAT(*received, SizeIs(3 + 6));
  std::vector<std::string> resources;
  for (const Received& one : *received) {
    const Head& head = one.event.event.head;
    if (head.origin == Origin::kDelivery) continue;
    EXPECT_EQ(head.provider, "paynow");
    EXPECT_EQ(head.store, kStore);
    EXPECT_EQ(one.event.event.signed_time, Ago(absl::Minutes(20)));
    resources.push_back(absl::StrCat(head.type, " ", head.resource));
  }
  EXPECT_THAT(resources, UnorderedElementsAre("ON_ORDER_COMPLETED 1", "ON_ORDER_COMPLETED 3",
                                              "ON_ORDER_COMPLETED 4", "ON_ORDER_COMPLETED 6",
                                              "ON_ORDER_COMPLETED 7", "ON_REFUND 99"));
  Sweep();
  EXPECT_EQ(found_, 0u);
}

TEST_F(SweeperTest, WaitsUntilItHasSettled) {
  pages_.AddOrder(1, Ago(absl::Minutes(20)), Ago(absl::Minutes(9)));
  pages_.AddOrder(2, Ago(absl::Minutes(20)), std::nullopt);
  Sweep();
  EXPECT_EQ(found_, 0u);
  now_ += absl::Minutes(2);
  Sweep();
  EXPECT_EQ(found_, 1u);
}

// Before this log began, another receiver may have got the event.
TEST_F(SweeperTest, LeavesAloneWhatHappenedBeforeTheLogBegan) {
  pages_.AddOrder(1, Ago(absl::Minutes(90)), Ago(absl::Minutes(70)));
  Sweep();
  EXPECT_EQ(found_, 0u);
}

TEST_F(SweeperTest, AnEventThatComesLaterIsADuplicate) {
  pages_.AddOrder(1, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  Sweep();
  ASSERT_EQ(found_, 1u);
  EXPECT_EQ(AppendTo(*log_, Delivery("e1", "ON_ORDER_COMPLETED", "1"))->kind, Appended::kDuplicate);
  EXPECT_EQ(AppendTo(*log_, Delivery("e2", "ON_ORDER_COMPLETED", "2"))->kind, Appended::kNew);
  EXPECT_EQ(AppendTo(*log_, Delivery("e3", "ON_ORDER_COMPLETED", "2"))->kind, Appended::kNew)
      << "the provider may tell it twice";
  EXPECT_THAT(IdsOf(PullFrom(*log_, "s")), ElementsAre("", "e2", "e3"));
}

TEST_F(SweeperTest, BeginsBehindWhatIsTooOld) {
  for (int i = 1; i <= 5; ++i) pages_.AddOrder(i, Ago(absl::Hours(30)), Ago(absl::Hours(29)));
  pages_.AddOrder(6, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  pages_.AddOrder(7, Ago(absl::Hours(30)), std::nullopt);  // the last id, but an old time
  Sweep(3);
  const std::vector<std::string> afters = pages_.TakeAfters();
  ASSERT_GE(afters.size(), 7u);
  const std::vector<std::string> first(afters.begin(), afters.begin() + 7);
  // The first sweep reads the orders page by page, then the payments, of which there are none. The
  // second sweep reads the orders that come after id 5.
  EXPECT_THAT(first, ElementsAre("", "2", "4", "6", "7", "", "5"));
}

TEST_F(SweeperTest, AListThatCannotBeReadIsTriedAgain) {
  pages_.AddOrder(1, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  pages_.Fail(true);
  Sweep();
  EXPECT_EQ(found_, 0u);
  EXPECT_GE(failed_, 4u);
  pages_.Fail(false);
  Sweep();
  EXPECT_EQ(found_, 1u);
}

TEST_F(SweeperTest, AListThatIsNotInItsOrderIsNotBelieved) {
  pages_.AddOrder(2, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  pages_.AddOrder(1, Ago(absl::Minutes(30)), Ago(absl::Minutes(20)));
  Sweep();
  EXPECT_GE(failed_, 1u);
}

}  // namespace
}  // namespace gateway::events
