// A slow reader takes a long list. The gateway's memory must not grow with the list.
//
// LIST_ORDERS is the number of orders (default 20,000): `make list-memory` takes a million.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/load/gateway_process.h"
#include "tests/service/list_reader.h"
#include "tests/service/paged_shop.h"

namespace gateway::load {
namespace {

constexpr uint64_t kPause = 2'000;  // orders between two pauses of the reader
constexpr int64_t kMostGrowth = 6 << 20;

uint64_t Orders() {
  const char* const given = std::getenv("LIST_ORDERS");
  uint64_t orders = 20'000;
  if (given != nullptr && !absl::SimpleAtoi(given, &orders)) {
    ADD_FAILURE() << "LIST_ORDERS: not a number: " << given;
  }
  return orders;
}

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

TEST(ListStreamTest, MemoryStaysFlatWhileASlowReaderTakesALongList) {
  const uint64_t orders = Orders();
  PagedShop shop(orders, /*padding=*/400);
  GatewayProcess gateway({.base_url = shop.server().Url("")});
  ListReader reader(gateway.address(), "paynow.management.v1.OrdersService/StreamOrders",
                    R"({"store_id": "12"})");
  const absl::Time begun = absl::Now();
  int64_t warm = 0;  // the highest value within the first tenth of the list
  int64_t most = 0;
  uint64_t read = 0;
  while (auto item = reader.Next()) {
    ++read;
    ASSERT_EQ(item->cursor, absl::StrCat(read));
    if (read % kPause != 0) continue;
    absl::SleepFor(absl::Milliseconds(20));  // this makes the reader slow
    const int64_t now = gateway.resident_bytes();
    if (read <= orders / 10) warm = std::max(warm, now);
    most = std::max(most, now);
  }
  EXPECT_TRUE(reader.Finish().ok()) << reader.Finish().error_message();
  EXPECT_EQ(read, orders);
  EXPECT_EQ(static_cast<uint64_t>(shop.pages()), orders / 100 + 1);
  std::cout << read << " orders in " << absl::FormatDuration(absl::Now() - begun) << ": "
            << Megabytes(warm) << " MB resident after a tenth of them, " << Megabytes(most)
            << " MB at most\n";
  if (GatewayProcess::IsSanitized()) return;
  EXPECT_LE(most - warm, kMostGrowth);
}

}  // namespace
}  // namespace gateway::load
