// RPCs that stream a list: the gateway reads page after page from an upstream whose list changes,
// fails or ends meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "service/gateway.h"
#include "tests/service/grpc_client.h"
#include "tests/service/list_reader.h"
#include "tests/service/paged_shop.h"
#include "tests/service/temp_dir.h"

namespace gateway {
namespace {

using http::Step;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kStream[] = "paynow.management.v1.OrdersService/StreamOrders";

std::vector<uint64_t> Range(uint64_t first, uint64_t last) {
  std::vector<uint64_t> numbers;
  for (uint64_t i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details())) << status.error_message();
  return details;
}

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status details = DetailsOf(status);
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) break;
  }
  return info;
}

// Polls until the condition holds. Returns false after half a minute.
template <typename Condition>
bool Comes(Condition condition) {
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

class ListCallTest : public testing::Test {
 protected:
  void Start(PagedShop& shop) {
    directory_.Write("key", "secret\n");
    directory_.Write("gateway.json",
                     nlohmann::json{{"listen", "127.0.0.1:0"},
                                    {"upstreams",
                                     {{"paynow",
                                       {{"base_url", shop.server().Url("")},
                                        {"default_store", "12"},
                                        {"api_key", {{"file", directory_.Path("key")}}}}}}}}
                         .dump());
    auto config = LoadConfig(directory_.Path("gateway.json"));
    ASSERT_TRUE(config.ok()) << config.status();
    config->drain_grace = absl::ZeroDuration();
    auto created = Gateway::Create(*config);
    ASSERT_TRUE(created.ok()) << created.status();
    gateway_ = *std::move(created);
    address_ = absl::StrCat("127.0.0.1:", gateway_->port());
  }

  std::unique_ptr<ListReader> Read(const std::string& request = "{}",
                                   const RpcMetadata& metadata = {}) const {
    return std::make_unique<ListReader>(address_, kStream, request, metadata);
  }

  // Reads items until there are `most` ids, or until the stream ends.
  static std::vector<uint64_t> IdsOf(ListReader& reader, size_t most = SIZE_MAX) {
    std::vector<uint64_t> ids;
    while (ids.size() < most) {
      const auto item = reader.Next();
      if (!item) break;
      uint64_t id = 0;
      EXPECT_TRUE(absl::SimpleAtoi(item->cursor, &id)) << item->cursor;
      ids.push_back(id);
    }
    return ids;
  }

  bool NothingIsInFlight() const {
    return absl::StrContains(gateway_->MetricsText(), "\ngateway_calls_in_flight 0\n");
  }

  TempDir directory_;
  std::unique_ptr<Gateway> gateway_;
  std::string address_;
};

TEST_F(ListCallTest, BringsEveryItemOnceOldestFirst) {
  PagedShop shop(250);
  Start(shop);
  const auto reader = Read();
  EXPECT_EQ(IdsOf(*reader), Range(1, 250));
  EXPECT_TRUE(reader->Finish().ok()) << reader->Finish().error_message();
  const auto received = shop.server().received();
  ASSERT_EQ(received.size(), 4u);
  EXPECT_EQ(received[0].target, "/v1/stores/12/orders?limit=100&asc=true");
  EXPECT_EQ(received[1].target, "/v1/stores/12/orders?limit=100&after=100&asc=true");
  EXPECT_EQ(received[3].target, "/v1/stores/12/orders?limit=100&after=250&asc=true");
  EXPECT_THAT(reader->trailers(), Contains(std::make_pair("gateway-attempts", "4")));
}

TEST_F(ListCallTest, PassesFiltersOnWithEachPage) {
  PagedShop shop(3);
  Start(shop);
  const auto reader =
      Read(R"({"limit": 2, "customer_id": "7", "status": ["ORDER_STATUS_COMPLETED"]})");
  EXPECT_EQ(IdsOf(*reader), Range(1, 3));
  for (const auto& request : shop.server().received()) {
    EXPECT_THAT(request.target, AllOf(HasSubstr("limit=2"), HasSubstr("customer_id=7"),
                                      HasSubstr("status=completed")));
  }
}

TEST_F(ListCallTest, EndsOnAnEmptyList) {
  PagedShop shop(0);
  Start(shop);
  const auto reader = Read();
  EXPECT_EQ(IdsOf(*reader), Range(1, 0));
  EXPECT_TRUE(reader->Finish().ok());
}

// Orders are added, removed and changed while pages are read. The stream contains each order that
// was there all the time, and no order twice.
TEST_F(ListCallTest, MissesNothingThatStaysWhileTheListChanges) {
  PagedShop shop(100);
  shop.on_page = [&shop](int page) -> std::optional<Step> {
    if (page == 4) shop.Remove(10);  // its page was read before
    if (page == 4) shop.Remove(55);  // its page is read later
    if (page == 5) shop.Remove(40);  // page 5 is read with after=40
    if (page == 6) shop.SetCurrency("PLN");
    if (page <= 10) shop.Add(100 + static_cast<uint64_t>(page));
    return std::nullopt;
  };
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  const std::vector<uint64_t> ids = IdsOf(*reader);
  EXPECT_TRUE(reader->Finish().ok()) << reader->Finish().error_message();
  std::vector<uint64_t> expected = Range(1, 110);
  expected.erase(std::find(expected.begin(), expected.end(), 55));
  EXPECT_EQ(ids, expected);
}

// The reader and the gateway end; a new gateway resumes the list with the cursor alone.
TEST_F(ListCallTest, IsResumedByItsCursorAfterADeathAtPage40Of100) {
  PagedShop shop(1000);
  Start(shop);
  std::string cursor;
  std::vector<uint64_t> ids;
  {
    const auto reader = Read(R"({"limit": 10})");
    ids = IdsOf(*reader, 395);
    cursor = absl::StrCat(ids.back());
  }
  gateway_ = nullptr;
  Start(shop);
  const auto reader = Read(absl::StrCat(R"({"limit": 10, "after": ")", cursor, R"("})"));
  for (const uint64_t id : IdsOf(*reader)) ids.push_back(id);
  EXPECT_TRUE(reader->Finish().ok()) << reader->Finish().error_message();
  EXPECT_EQ(ids, Range(1, 1000));
}

// The next page is fetched when the client has taken the whole page before: here it takes one item.
TEST_F(ListCallTest, ACancelWhileNobodyReadsEndsWithinThePage) {
  PagedShop shop(100, /*padding=*/20'000);
  Start(shop);
  const auto reader = Read(R"({"limit": 50})");
  EXPECT_EQ(IdsOf(*reader, 1), Range(1, 1));
  reader->Cancel();
  EXPECT_TRUE(Comes([&] { return NothingIsInFlight(); }));
  EXPECT_EQ(shop.pages(), 1);
}

TEST_F(ListCallTest, ACancelWhileAPageIsFetchedEndsTheRequest) {
  PagedShop shop(100);
  shop.on_page = [](int page) -> std::optional<Step> {
    return page < 3 ? std::nullopt : std::optional(Step::HeldReply("[]"));
  };
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  EXPECT_EQ(IdsOf(*reader, 20), Range(1, 20));
  ASSERT_TRUE(Comes([&] { return shop.pages() == 3; }));
  reader->Cancel();
  EXPECT_TRUE(shop.server().WaitForClientCloses(1));
  EXPECT_TRUE(Comes([&] { return NothingIsInFlight(); }));
  EXPECT_EQ(shop.pages(), 3);
}

TEST_F(ListCallTest, APassingFaultOfAPageIsNotSeen) {
  PagedShop shop(100);
  shop.on_page = [](int page) -> std::optional<Step> {
    if (page == 3) return Step::Raw("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    if (page == 6) return Step::ExecuteAndClose();
    return std::nullopt;
  };
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  EXPECT_EQ(IdsOf(*reader), Range(1, 100));
  EXPECT_TRUE(reader->Finish().ok()) << reader->Finish().error_message();
  EXPECT_EQ(shop.pages(), 13);  // 11 pages, of which two were repeated
}

// The reply of page 4 ends within an order. No order of that page has been sent to the client, so
// the last cursor is still right.
TEST_F(ListCallTest, AFaultInTheMiddleOfAPageLosesNothing) {
  PagedShop shop(100);
  shop.on_page = [&shop](int page) -> std::optional<Step> {
    if (page != 4) return std::nullopt;
    const std::string whole = shop.Page("/?limit=10&after=30");
    return Step::Raw(absl::StrCat("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                                  "Content-Length: ", whole.size(), "\r\n\r\n",
                                  whole.substr(0, whole.size() / 2)),
                     Step::End::kClose);
  };
  Start(shop);
  const auto first = Read(R"({"limit": 10})");
  std::vector<uint64_t> ids = IdsOf(*first);
  if (!first->Finish().ok()) {
    EXPECT_EQ(ids, Range(1, 30));
    EXPECT_EQ(InfoOf(first->Finish()).reason(), "UPSTREAM_CONNECTION_BROKEN");
    const auto second = Read(absl::StrCat(R"({"limit": 10, "after": ")", ids.back(), R"("})"));
    for (const uint64_t id : IdsOf(*second)) ids.push_back(id);
    EXPECT_TRUE(second->Finish().ok());
  }
  EXPECT_EQ(ids, Range(1, 100));
  EXPECT_EQ(shop.pages(), 12);  // 11 pages, of which one was repeated
}

TEST_F(ListCallTest, EndsWhereTheUpstreamGoesRoundInCircles) {
  PagedShop shop(30);
  shop.forgets_after = true;
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  EXPECT_EQ(IdsOf(*reader), Range(1, 10));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(reader->Finish().error_message(), HasSubstr("not in order"));
  EXPECT_EQ(shop.pages(), 2);
}

TEST_F(ListCallTest, RefusesWhatAStreamHasNoUseFor) {
  PagedShop shop(10);
  Start(shop);
  const auto reader = Read(R"({"asc": false, "before": "7", "limit": 101})");
  EXPECT_EQ(reader->Next(), std::nullopt);
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(reader->Finish()).metadata().at("outcome"), "not_sent");
  google::rpc::BadRequest violations;
  const google::rpc::Status details = DetailsOf(reader->Finish());
  for (const auto& detail : details.details()) detail.UnpackTo(&violations);
  std::vector<std::string> fields;
  for (const auto& violation : violations.field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, testing::UnorderedElementsAre("asc", "before"));
  EXPECT_EQ(shop.pages(), 0);
}

TEST_F(ListCallTest, ChecksTheRequestAsTheListDoes) {
  PagedShop shop(10);
  Start(shop);
  const auto reader = Read(R"({"limit": 101, "after": "x"})");
  EXPECT_EQ(reader->Next(), std::nullopt);
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(reader->Finish()).reason(), "INVALID_REQUEST");
  EXPECT_EQ(shop.pages(), 0);
}

// The new configuration may have other keys or rights, so the caller must start a new stream.
TEST_F(ListCallTest, EndsBeforeTheNextPageWhenANewConfigurationIsInForce) {
  PagedShop shop(100);
  shop.on_page = [this](int page) -> std::optional<Step> {
    if (page != 3) return std::nullopt;
    const std::string fresh = directory_.Write("key.fresh", "another\n");
    std::filesystem::rename(fresh, directory_.Path("key"));
    EXPECT_TRUE(Comes([this] {
      return absl::StrContains(gateway_->MetricsText(),
                               "\ngateway_reloads_total{result=\"applied\"} 1\n");
    }));
    return std::nullopt;
  };
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  EXPECT_EQ(IdsOf(*reader), Range(1, 30));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(InfoOf(reader->Finish()).reason(), "CONFIGURATION_CHANGED");
  const auto again = Read(R"({"limit": 10, "after": "30"})");
  EXPECT_EQ(IdsOf(*again), Range(31, 100));
  EXPECT_THAT(shop.server().received().back().head, HasSubstr("APIKey another"));
}

// When the gateway stops, the stream ends with an error that says that a repeat is safe.
TEST_F(ListCallTest, EndsWithTheGateway) {
  PagedShop shop(100);
  shop.on_page = [](int page) -> std::optional<Step> {
    return page < 3 ? std::nullopt : std::optional(Step::HeldReply("[]"));
  };
  Start(shop);
  const auto reader = Read(R"({"limit": 10})");
  EXPECT_EQ(IdsOf(*reader, 20), Range(1, 20));
  ASSERT_TRUE(Comes([&] { return shop.pages() == 3; }));
  gateway_->Drain();
  EXPECT_EQ(reader->Next(), std::nullopt);
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace gateway
